// Exported: what a client may find in a driver, and no simulated device supports. Any thread.
#include "simulator/answer.h"

namespace nvpulse::simulator {
namespace {

Return OfDevice(Call call, Handle handle) {
  const Return status = library.Open(call, handle).status;
  return status == kSuccess ? kNotSupported : status;
}

Return OfNone(Call call) {
  const Return status = library.Enter(call);
  return status == kSuccess ? kNotSupported : status;
}

}  // namespace
}  // namespace nvpulse::simulator

using namespace nvpulse::simulator;  // NOLINT: the exported functions are the global namespace's

// They read their first argument at most, so one shape serves for all: the others stay with the caller.
#define X(name) \
  NVML_EXPORT nvml##name(Handle handle) { return OfDevice(Call::name, handle); }
NVPULSE_UNSUPPORTED_DEVICE_CALLS(X)
#undef X

#define X(name) \
  NVML_EXPORT nvml##name() { return OfNone(Call::name); }
NVPULSE_UNSUPPORTED_OTHER_CALLS(X)
#undef X

/** No profiling metrics; the version here is a plain 1. */
NVML_EXPORT nvmlGpmQueryDeviceSupport(Handle handle, GpmSupport* support) {
  return Get(Call::GpmQueryDeviceSupport, handle, [=](const Device&) {
    if (support == nullptr) return kInvalidArgument;
    if (support->version != 1) return kVersionMismatch;
    return Put(&support->supported, 0);
  });
}
