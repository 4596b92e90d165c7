// Takes the place of native/sampler/clock.h where a test's time is virtual; CPU time stays what it is.
#pragma once
#include <time.h>

#include <cstdint>

#include "virtual_time.h"

namespace nvpulse {

inline int64_t ReadClock(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

inline int64_t MonotonicNs() { return VirtualTime::Get().Now_ns(); }

}  // namespace nvpulse
