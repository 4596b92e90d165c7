// The one clock of all rows: CLOCK_MONOTONIC in nanoseconds. Any thread.
#pragma once
#include <time.h>

#include <cstdint>

namespace nvpulse {

inline int64_t ReadClock(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

inline int64_t MonotonicNs() { return ReadClock(CLOCK_MONOTONIC); }

/// What to add to MonotonicNs() for UTC nanoseconds, as of now.
inline int64_t UtcOffsetNs() { return ReadClock(CLOCK_REALTIME) - MonotonicNs(); }

}  // namespace nvpulse
