// The state of the loaded library: is it initialised, which handles are valid, which faults are on.
// Every exported function goes through Enter or Open first; with neither faults nor latencies asked for
// that is one load and one compare.
// Thread: any. Owner: this shared object; nothing is ever freed.
#pragma once
#include <atomic>
#include <cstdint>
#include <ctime>

#include "simulator/abi.h"
#include "simulator/calls.h"
#include "simulator/device.h"
#include "simulator/options.h"

namespace nvpulse::simulator {

enum class Mode : uint32_t {
  kClosed,    // not initialised
  kPlain,     // initialised, nothing else to think of
  kEventful,  // initialised, with faults or latencies
};

/** A device to read, or the code to return. */
struct Opened {
  Return status;
  const Device* device;
};

class Library {
 public:
  /** Reads the environment, at the first call. False when it is not to be understood. */
  bool Configure();

  Return Init(Call call);
  Return Shutdown();

  /** For a call that concerns no device: its code if it is to fail. */
  Return Enter(Call call) { return mode_.load(std::memory_order_acquire) == Mode::kPlain ? kSuccess : EnterSlow(call); }

  /** For a call on a device. */
  Opened Open(Call call, Handle handle) {
    if (mode_.load(std::memory_order_acquire) != Mode::kPlain) return OpenSlow(call, handle);
    const uint64_t place = Decode(handle) - 1;
    if (place >= options_.profile.device_count) return {kInvalidArgument, nullptr};
    return {kSuccess, &devices_[place]};
  }

  /** For a call that looks up a device: first whether it may at all, then, of the device found, the handle. */
  Return EnterLookup(Call call);
  Return HandleOf(Call call, uint32_t index, Handle* handle);
  /** The handle of a device that was opened. */
  Handle HandleOf(const Device& device) const { return Encode(device.index(), 0); }

  const Options& options() const { return options_; }
  uint32_t device_count() const { return options_.profile.device_count; }
  /** How many are plugged in now: those before the first that is not. */
  uint32_t plugged_count() const;
  const Device& device(uint32_t index) const { return devices_[index]; }

  /** Unix time of a reading now. */
  uint64_t Now__ns() const {
    if (options_.frozen) return options_.frozen__ns;
    timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
  }

  /** What a call tells of a value that it read: the value, unless a fault makes another of it. */
  int64_t Told(Call call, const Device& device, int64_t value) const {
    return options_.faults.Empty() ? value : ToldByFaults(call, device, value);
  }

  /** The energy counter in mJ, less what it held when a fault last restarted it. */
  uint64_t Energy__mJ(const Device& device, uint64_t now__ns) const;

 private:
  static constexpr uint64_t kMagic = 0x4e56ull << 48;

  Return EnterSlow(Call call);
  Opened OpenSlow(Call call, Handle handle);
  Return Suffer(Call call, int32_t gpu);
  int64_t ToldByFaults(Call call, const Device& device, int64_t value) const;
  Return ReloadStatus(uint64_t elapsed__ns) const;
  bool ReloadedSinceInit(uint64_t elapsed__ns) const;
  uint32_t LossesOver(uint32_t index, uint64_t elapsed__ns) const;
  bool Lost(uint32_t index, uint64_t elapsed__ns) const;
  uint64_t Elapsed__ns() const;

  /** index + 1, and above it how often the device had been lost and back: a handle from before stays lost. */
  Handle Encode(uint32_t index, uint32_t losses) const {
    const uint64_t bits = handle_base_.load(std::memory_order_relaxed) ^ (uint64_t{losses} << 8 | (index + 1));
    return reinterpret_cast<Handle>(static_cast<uintptr_t>(bits));
  }
  uint64_t Decode(Handle handle) const {
    return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(handle)) ^ handle_base_.load(std::memory_order_relaxed);
  }

  std::atomic<Mode> mode_{Mode::kClosed};
  std::atomic<uint64_t> handle_base_{kMagic};  // changes with each initialisation: older handles are stale
  uint32_t references_ = 0;                    // guarded by the mutex in library.cc
  std::atomic<uint64_t> inited_at__ns_{0};     // on the faults' clock
  uint64_t started__ns_ = 0;                   // CLOCK_MONOTONIC at the first init
  uint64_t started_real__ns_ = 0;              // the readings' clock at the same moment
  Options options_;
  Device devices_[kMaxDevices];
};

extern Library library;

}  // namespace nvpulse::simulator

/** Opens the definition of an exported NVML function. */
#define NVML_EXPORT extern "C" __attribute__((visibility("default"))) int32_t
