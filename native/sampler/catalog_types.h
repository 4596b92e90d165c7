// The types that the generated catalog tables are made of. Immutable; used from any thread.
#pragma once
#include <cstdint>

namespace nvpulse {

enum class Entity : int;
enum class Tier : uint8_t { kFast = 1, kMedium = 2, kSlow = 4 };

/// Set of tiers that are due at a tick (bits of Tier).
using TierMask = uint8_t;
inline constexpr TierMask kAllTiers = 7;
inline constexpr bool IsDue(TierMask due, Tier tier) { return (due & static_cast<TierMask>(tier)) != 0; }

struct TableInfo {
  const char* name;
  int columns;
};

inline constexpr double kNoBound = -1;
inline constexpr int kNoColumn = -1;

/// column = Δfrom ÷ Δt × scale (÷ logical CPUs), over at least span_ns, cut at max unless kNoBound.
struct Derivation {
  Entity entity;
  int column;
  int from;
  double scale;
  bool per_core;
  double max;
  int64_t span_ns;
};

enum class Bound : uint8_t { kRange, kGrowth };
/// What a bound is multiplied by.
enum class Measure : uint8_t { kOne, kCpus, kBoardPower };

/// What a column can be at all; described in lib/catalog/metrics.ts. kRange: from min to max. kGrowth: at most max a
/// second, over the time since it changed last and refresh_ns; beyond `wraps` it begins again, unless 0.
struct Plausible {
  Entity entity;
  int column;
  const char* name;
  Bound bound;
  Measure of;
  double min;
  double max;
  int64_t refresh_ns;
  double wraps;
};

}  // namespace nvpulse
