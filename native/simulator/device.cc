// Identity and values of a device; the formulas are those of docs/SIMULATOR.md.
#include "simulator/device.h"

#include <cstdio>
#include <iterator>

namespace nvpulse::simulator {
namespace {

constexpr uint64_t kMeanSpan__ms = 1000;
/** Levels repeat after so many devices, so that a machine of 64 stays within its limits. */
constexpr uint32_t kLanes = 8;
/** The bus numbers of an eight-GPU server; each further eight get a PCI domain of their own. */
constexpr uint32_t kBuses[] = {0x19, 0x3B, 0x4C, 0x5D, 0x9B, 0xBB, 0xCB, 0xDB};

}  // namespace

void Device::Set(const Options& options, uint32_t index) {
  const Profile& profile = options.profile;
  board_ = &profile.boards[profile.repeats ? 0 : index];
  index_ = index;
  lead__ms_ = (index + 1) * 1000ull;
  loaded__ms_ = options.loaded__ns / 1000000;
  for (size_t i = 0; i < kChannelCount; i++) {
    ChannelSpec& channel = channels_[i];
    channel = board_->channels[i];
    channel.wave.low += (index % kLanes) * channel.step;
    channel.wave.high += (index % kLanes) * channel.step;
  }
  SetIdentity(profile);
  for (size_t i = 0; options.frozen && i < kChannelCount; i++) {
    frozen_values_[i] = Compute(static_cast<Channel>(i), options.frozen__ns / 1000000);
  }
  frozen_ = options.frozen;
}

int64_t Device::Compute(Channel channel, uint64_t now__ms) const {
  const ChannelSpec& spec = Spec(channel);
  const uint64_t time__ms = RefreshedAt(channel, now__ms) + lead__ms_;
  const Wave& power = Spec(Channel::kPowerInstant).wave;
  switch (spec.derived) {
    case Derived::kNo:
      return WaveAt(spec.wave, time__ms);
    case Derived::kMean1s:  // mJ over one second are mW
      return WaveIntegral(power, time__ms) - WaveIntegral(power, time__ms - kMeanSpan__ms);
    case Derived::kIntegral:
      // Before the driver was loaded there is nothing to count.
      return time__ms < loaded__ms_ + lead__ms_ ? 0 : WaveIntegral(power, time__ms) - WaveIntegral(power, loaded__ms_ + lead__ms_);
  }
  return 0;
}

void Device::SetIdentity(const Profile& profile) {
  std::snprintf(uuid_, sizeof uuid_, "GPU-6e767075-6c73-65%02x-8000-0000000000%02x", profile.number, index_);
  if (board_->serial_prefix != nullptr) {
    std::snprintf(serial_, sizeof serial_, "%s%03u", board_->serial_prefix, index_);
  }
  const uint16_t domain = static_cast<uint16_t>(index_ / std::size(kBuses));
  pci_.domain = domain;
  pci_.bus = kBuses[index_ % std::size(kBuses)];
  pci_.device = 0;
  pci_.device_id = board_->pci_device_id;
  pci_.subsystem_id = board_->pci_subsystem_id;
  std::snprintf(pci_.bus_id_legacy, sizeof pci_.bus_id_legacy, "%04X:%02X:00.0", domain, pci_.bus & 0xff);
  std::snprintf(pci_.bus_id, sizeof pci_.bus_id, "%08X:%02X:00.0", domain, pci_.bus & 0xff);
}

}  // namespace nvpulse::simulator
