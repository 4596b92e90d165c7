// Exported: the links between boards. All that a board has are up, healthy, and lead to a switch. Any thread.
#include "simulator/answer.h"

namespace nvpulse::simulator {
namespace {

constexpr uint32_t kVersion4 = 6;
constexpr uint32_t kSwitch = 2;
constexpr uint32_t kCapabilities = 6;
constexpr uint32_t kErrorCounters = 5;

/** One value that all links of a board have. */
template <typename T>
Return OfLink(Call call, Handle handle, uint32_t link, T* out, T value) {
  return Get(call, handle, [=](const Device& device) {
    if (device.board().nvlinks == 0) return kNotSupported;
    return link < device.board().nvlinks ? Put(out, value) : kInvalidArgument;
  });
}

}  // namespace
}  // namespace nvpulse::simulator

using namespace nvpulse::simulator;  // NOLINT: the exported functions are the global namespace's

NVML_EXPORT nvmlDeviceGetNvLinkState(Handle handle, uint32_t link, uint32_t* active) {
  return OfLink(Call::DeviceGetNvLinkState, handle, link, active, 1u);
}

NVML_EXPORT nvmlDeviceGetNvLinkVersion(Handle handle, uint32_t link, uint32_t* version) {
  return OfLink(Call::DeviceGetNvLinkVersion, handle, link, version, kVersion4);
}

NVML_EXPORT nvmlDeviceGetNvLinkCapability(Handle handle, uint32_t link, uint32_t capability, uint32_t* has) {
  uint32_t* const known = capability < kCapabilities ? has : nullptr;
  return OfLink(Call::DeviceGetNvLinkCapability, handle, link, known, 1u);
}

NVML_EXPORT nvmlDeviceGetNvLinkErrorCounter(Handle handle, uint32_t link, uint32_t counter, uint64_t* count) {
  uint64_t* const known = counter < kErrorCounters ? count : nullptr;
  return OfLink(Call::DeviceGetNvLinkErrorCounter, handle, link, known, uint64_t{0});
}

NVML_EXPORT nvmlDeviceGetNvLinkRemoteDeviceType(Handle handle, uint32_t link, uint32_t* type) {
  return OfLink(Call::DeviceGetNvLinkRemoteDeviceType, handle, link, type, kSwitch);
}
