// Exported: event sets that never hear of anything, but wait as long as they are asked to. Any thread.
#include <cerrno>
#include <cstdlib>

#include "simulator/answer.h"

namespace nvpulse::simulator {
namespace {

constexpr uint64_t kXid = 8;

Return Wait(Call call, Handle set, uint32_t timeout__ms) {
  if (const Return status = library.Enter(call)) return status;
  if (set == nullptr) return kInvalidArgument;
  timespec left = {static_cast<time_t>(timeout__ms / 1000), static_cast<long>(timeout__ms % 1000) * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
  return kTimeout;
}

}  // namespace
}  // namespace nvpulse::simulator

using namespace nvpulse::simulator;  // NOLINT: the exported functions are the global namespace's

NVML_EXPORT nvmlEventSetCreate(Handle* set) {
  if (const Return status = library.Enter(Call::EventSetCreate)) return status;
  if (set == nullptr) return kInvalidArgument;
  *set = std::malloc(1);  // only its address says anything
  return *set == nullptr ? kUnknown : kSuccess;
}

NVML_EXPORT nvmlEventSetFree(Handle set) {
  if (const Return status = library.Enter(Call::EventSetFree)) return status;
  if (set == nullptr) return kInvalidArgument;
  std::free(set);
  return kSuccess;
}

NVML_EXPORT nvmlDeviceGetSupportedEventTypes(Handle handle, uint64_t* types) {
  return Get(Call::DeviceGetSupportedEventTypes, handle, [=](const Device&) { return Put(types, kXid); });
}

NVML_EXPORT nvmlDeviceRegisterEvents(Handle handle, uint64_t types, Handle set) {
  return Get(Call::DeviceRegisterEvents, handle, [=](const Device&) {
    if (set == nullptr) return kInvalidArgument;
    return (types & ~kXid) != 0 ? kNotSupported : kSuccess;
  });
}

NVML_EXPORT nvmlEventSetWait(Handle set, EventData*, uint32_t timeout__ms) { return Wait(Call::EventSetWait, set, timeout__ms); }
NVML_EXPORT nvmlEventSetWait_v2(Handle set, EventData*, uint32_t timeout__ms) {
  return Wait(Call::EventSetWait_v2, set, timeout__ms);
}
