// The faults of NVPULSE_SIM_FAULTS: parsed once at start, asked at each call. They may inject: an error code,
// a delay, a hang, a missing symbol, another value, a device that is lost (and comes back) or not plugged in, an energy
// counter that restarts, a driver that is reloaded. Grammar: docs/SIMULATOR.md.
// Thread: parsed by the first call of init, read by any.
#pragma once
#include <bitset>
#include <cstddef>
#include <cstdint>

#include "simulator/calls.h"

namespace nvpulse::simulator {

inline constexpr int32_t kNoGpu = -1;
inline constexpr uint64_t kForever = UINT64_MAX;

struct Fault {
  enum class Kind : uint8_t { kError, kLatency, kHang, kValue, kLost, kUnplugged, kResetCounter, kDriverReload };
  Kind kind = Kind::kError;
  std::bitset<kCallCount> calls;  // which calls it hits
  int32_t gpu = kNoGpu;           // which device, or every
  int32_t code = 0;
  uint64_t latency__ns = 0;
  uint64_t value = 0, percent = 0;  // kValue: value + percent of what it would be
  uint64_t from__ns = 0, until__ns = kForever;  // since the first init

  bool Hits(Call call, int32_t index) const {
    return calls[static_cast<size_t>(call)] && (gpu == kNoGpu || gpu == index);
  }
  /** The device is away while it is active: lost, or not plugged in, as those behind it are. */
  bool Takes(uint32_t index) const {
    return (kind == Kind::kLost && gpu == static_cast<int32_t>(index)) ||
           (kind == Kind::kUnplugged && gpu <= static_cast<int32_t>(index));
  }
  bool Active(uint64_t elapsed__ns) const { return elapsed__ns >= from__ns && elapsed__ns < until__ns; }
};

class Faults {
 public:
  /** False, with one line in `error`, when the text does not follow the grammar. */
  bool Parse(const char* text, uint32_t device_count, char* error, size_t error_size);

  const Fault* begin() const { return faults_; }
  const Fault* end() const { return faults_ + count_; }
  bool Empty() const { return count_ == 0; }

 private:
  static constexpr size_t kMaxFaults = 64;
  Fault faults_[kMaxFaults];
  size_t count_ = 0;
};

}  // namespace nvpulse::simulator
