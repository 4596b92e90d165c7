// From the kernel's units to the catalog's. Any thread.
#pragma once
#include <unistd.h>

#include <cstdint>

namespace nvpulse {

inline constexpr double kMiB = 1048576;
inline constexpr double kKiBPerMiB = 1024;

/// Clock ticks (of sysconf(_SC_CLK_TCK), 100 a second nearly everywhere) to seconds.
inline double TicksToSeconds(uint64_t ticks) {
  static const double per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  return static_cast<double>(ticks) / per_second;
}

inline double PagesToMiB(uint64_t pages) {
  static const double page__B = static_cast<double>(sysconf(_SC_PAGESIZE));
  return static_cast<double>(pages) * page__B / kMiB;
}

}  // namespace nvpulse
