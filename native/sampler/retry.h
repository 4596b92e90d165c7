// When what failed is tried again: after a second, or 200 times as long as it took (half a percent of a thread's time),
// ten seconds at most.
#pragma once
#include <algorithm>
#include <cstdint>

namespace nvpulse {

inline constexpr int64_t kRetry_ns = 1'000'000'000;

inline int64_t RetryAt(int64_t begun_ns, int64_t ended_ns) {
  constexpr int64_t kLongest_ns = 10'000'000'000;
  constexpr int64_t kRest = 200;
  return ended_ns + std::clamp(kRest * (ended_ns - begun_ns), kRetry_ns, kLongest_ns);
}

}  // namespace nvpulse
