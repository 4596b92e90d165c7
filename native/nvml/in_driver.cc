#include "nvml/in_driver.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <ctime>

namespace nvpulse::nvml {
namespace {

constexpr int kLongestWait__ms = 200;

std::atomic<int> inside{0};
std::atomic<bool> ending{false};

void WaitUntilOut() {
  ending.store(true);
  const timespec millisecond{0, 1'000'000};
  for (int i = 0; i < kLongestWait__ms && inside.load() > 0; i++) nanosleep(&millisecond, nullptr);
}

}  // namespace

InDriver::InDriver() {
  inside.fetch_add(1);
  if (!ending.load()) return;
  inside.fetch_sub(1);
  for (;;) pause();
}

InDriver::~InDriver() { inside.fetch_sub(1); }

void InDriver::GuardExit() { std::atexit(WaitUntilOut); }

}  // namespace nvpulse::nvml
