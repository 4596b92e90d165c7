// Remembers one value with the time it is for, shared by threads without a lock. A writer may be overtaken
// between its two stores; the seal then fits no time, and the value is worked out anew.
// Thread: any. Owner: the device.
#pragma once
#include <atomic>
#include <cstdint>

namespace nvpulse::simulator {

class Memo {
 public:
  bool Find(uint64_t time, int64_t* value) const {
    *value = value_.load(std::memory_order_relaxed);
    return seal_.load(std::memory_order_relaxed) == Seal(time, *value);
  }

  void Keep(uint64_t time, int64_t value) {
    value_.store(value, std::memory_order_relaxed);
    seal_.store(Seal(time, value), std::memory_order_relaxed);
  }

 private:
  /** Spreads the time over all bits, so that two times and two values do not cancel out. */
  static uint64_t Seal(uint64_t time, int64_t value) {
    return (time + 1) * 0x9e3779b97f4a7c15ull ^ static_cast<uint64_t>(value);
  }

  std::atomic<int64_t> value_{0};
  std::atomic<uint64_t> seal_{0};
};

}  // namespace nvpulse::simulator
