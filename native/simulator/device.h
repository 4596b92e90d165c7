// A simulated device: its identity, and the value of each of its channels at any time.
// Constant after start, but for what it remembers: any thread may read.
#pragma once
#include <cstdint>

#include "simulator/abi.h"
#include "simulator/memo.h"
#include "simulator/options.h"
#include "simulator/profile.h"

namespace nvpulse::simulator {

class Device {
 public:
  /** Device `index` of the profile. With a frozen time, all its values are worked out here, once. */
  void Set(const Options& options, uint32_t index);

  const Board& board() const { return *board_; }
  uint32_t index() const { return index_; }
  const char* uuid() const { return uuid_; }
  const char* serial() const { return serial_; }
  const PciInfo& pci() const { return pci_; }

  Return Status(Channel channel) const { return Spec(channel).status; }

  /** The value that a reading at this time sees; meaningful where Status is success. */
  int64_t Read(Channel channel, uint64_t now__ns) const {
    if (frozen_) return frozen_values_[static_cast<size_t>(channel)];
    const uint64_t time__ms = RefreshedAt(channel, now__ns / 1000000);
    Memo& memo = memos_[static_cast<size_t>(channel)];
    int64_t value;
    if (!memo.Find(time__ms, &value)) memo.Keep(time__ms, value = Compute(channel, time__ms));
    return value;
  }

  /** Instantaneous power (mW) at exactly this time, as the sample ring holds it. */
  int64_t PowerAt(uint64_t time__ms) const { return WaveAt(Spec(Channel::kPowerInstant).wave, time__ms + lead__ms_); }

  /** The newest time, not after now, at which the channel was refreshed. */
  uint64_t RefreshedAt(Channel channel, uint64_t now__ms) const { return now__ms - now__ms % Spec(channel).refresh__ms; }

  /** As Read, but always computed: for times other than now. */
  int64_t Compute(Channel channel, uint64_t now__ms) const;

 private:
  const ChannelSpec& Spec(Channel channel) const { return channels_[static_cast<size_t>(channel)]; }
  void SetIdentity(const Profile& profile);

  const Board* board_ = nullptr;
  uint32_t index_ = 0;
  uint64_t lead__ms_ = 0;
  uint64_t loaded__ms_ = 0;
  bool frozen_ = false;
  ChannelSpec channels_[kChannelCount];
  int64_t frozen_values_[kChannelCount] = {};
  mutable Memo memos_[kChannelCount];
  char uuid_[41] = {};
  char serial_[30] = {};
  PciInfo pci_ = {};
};

}  // namespace nvpulse::simulator
