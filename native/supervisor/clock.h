// The monotonic clock, the same that Node's process.hrtime reads. Thread: any. Owner: none.
#pragma once

#include <time.h>

#include <cstdint>

namespace nvpulse {

inline int64_t MonotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

}  // namespace nvpulse
