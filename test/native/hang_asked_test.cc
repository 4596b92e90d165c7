// A driver call that hangs in a reading that was asked for, an hour before the next one on the grid: the watchdog, which
// rests while nothing is read, is awake for it.
#include <cstdlib>
#include <string>
#include <utility>

#include "asked.h"
#include "check.h"
#include "sampler/clock.h"
#include "sampler/sampler.h"

using namespace nvpulse;

namespace {

void Pause__ms(long ms) {
  const timespec time{ms / 1000, (ms % 1000) * 1'000'000};
  nanosleep(&time, nullptr);
}

}  // namespace

TEST(AHangInAnAskedReadingIsSeen) {
  // Read by the simulator at its first init; this process has one test, so nobody came before.
  setenv("NVPULSE_SIM_FAULTS", "call=DeviceGetTemperature,gpu=1,hang,from=100ms", 1);
  SamplerOptions options;
  options.interval_ns = 3'600'000'000'000;
  options.nvml_path = SIMULATOR;
  Sampler sampler(options);
  sampler.Start();
  EXPECT(Asked(sampler).Done());
  sampler.Drain();
  Pause__ms(200);  // the fault has begun, and the watchdog rests
  Asked hanging(sampler);
  bool stalled = false;
  for (int i = 0; i < 500 && !stalled; i++) {
    Pause__ms(20);
    for (const StoredEvent& event : sampler.Drain().events) stalled = stalled || std::string(event.kind) == "device_stalled";
  }
  EXPECT(stalled);
  // The worker that took over answers.
  EXPECT(Asked(sampler).Done());
  const DrainedTable gpus = std::move(sampler.Drain().tables[static_cast<int>(Entity::kGpu)]);
  EXPECT_GE(gpus.rows, 7u);
}
