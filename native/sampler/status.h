// The 16-bit status beside each value: NVML's return codes (0 … 999), or one of ours.
// lib/catalog/status.ts has the same numbers; a test compares them.
#pragma once
#include <cstdint>
#include <limits>

namespace nvpulse {

using Status = uint16_t;

inline constexpr Status kOk = 0;
inline constexpr Status kNotDue = 60000;
inline constexpr Status kNeedsSecondReading = 60001;
inline constexpr Status kUnsupported = 60002;
inline constexpr Status kDenied = 60003;
inline constexpr Status kGone = 60004;
inline constexpr Status kStalled = 60005;
inline constexpr Status kReadFailed = 60006;
inline constexpr Status kNotNoted = 60007;
inline constexpr Status kUnlimited = 60008;
inline constexpr Status kImplausible = 60009;
inline constexpr Status kTooCostly = 60010;

/// The value where there is none: never zero.
inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

}  // namespace nvpulse
