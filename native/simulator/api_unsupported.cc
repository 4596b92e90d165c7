// Exported: calls a client may find in every driver, and that no simulated device supports. Any thread.
#include "simulator/answer.h"

using namespace nvpulse::simulator;  // NOLINT: the exported functions are the global namespace's

// They read their first argument only, so one shape serves for all: the others stay with the caller.
#define UNSUPPORTED(name)                                                                         \
  NVML_EXPORT nvml##name(Handle handle) {                                                         \
    return Get(Call::Unsupported, handle, [](const Device&) { return kNotSupported; });           \
  }
UNSUPPORTED(DeviceClearFieldValues)
UNSUPPORTED(DeviceGetAccountingBufferSize)
UNSUPPORTED(DeviceGetAccountingMode)
UNSUPPORTED(DeviceGetAccountingPids)
UNSUPPORTED(DeviceGetAccountingStats)
UNSUPPORTED(DeviceGetApplicationsClock)
UNSUPPORTED(DeviceGetAttributes)
UNSUPPORTED(DeviceGetAttributes_v2)
UNSUPPORTED(DeviceGetComputeInstanceId)
UNSUPPORTED(DeviceGetCpuAffinity)
UNSUPPORTED(DeviceGetDefaultApplicationsClock)
UNSUPPORTED(DeviceGetDeviceHandleFromMigDeviceHandle)
UNSUPPORTED(DeviceGetDriverModel)
UNSUPPORTED(DeviceGetDriverModel_v2)
UNSUPPORTED(DeviceGetDynamicPstatesInfo)
UNSUPPORTED(DeviceGetGpuFabricInfo)
UNSUPPORTED(DeviceGetGpuFabricInfoV)
UNSUPPORTED(DeviceGetGpuInstanceId)
UNSUPPORTED(DeviceGetMaxCustomerBoostClock)
UNSUPPORTED(DeviceGetMemoryErrorCounter)
UNSUPPORTED(DeviceGetNumaNodeId)
UNSUPPORTED(DeviceGetNvLinkCapability)
UNSUPPORTED(DeviceGetNvLinkErrorCounter)
UNSUPPORTED(DeviceGetNvLinkRemotePciInfo)
UNSUPPORTED(DeviceGetNvLinkRemotePciInfo_v2)
UNSUPPORTED(DeviceGetNvLinkState)
UNSUPPORTED(DeviceGetNvLinkUtilizationCounter)
UNSUPPORTED(DeviceGetNvLinkVersion)
UNSUPPORTED(DeviceGetP2PStatus)
UNSUPPORTED(DeviceGetPcieSpeed)
UNSUPPORTED(DeviceGetRemappedRows)
UNSUPPORTED(DeviceGetRetiredPages)
UNSUPPORTED(DeviceGetRetiredPages_v2)
UNSUPPORTED(DeviceGetRetiredPagesPendingStatus)
UNSUPPORTED(DeviceGetRowRemapperHistogram)
UNSUPPORTED(DeviceGetSramEccErrorStatus)
UNSUPPORTED(DeviceGetThermalSettings)
UNSUPPORTED(DeviceGetTopologyCommonAncestor)
UNSUPPORTED(DeviceGetViolationStatus)
#undef UNSUPPORTED

/** No profiling metrics; the version here is a plain 1. */
NVML_EXPORT nvmlGpmQueryDeviceSupport(Handle handle, GpmSupport* support) {
  return Get(Call::GpmQueryDeviceSupport, handle, [=](const Device&) {
    if (support == nullptr) return kInvalidArgument;
    if (support->version != 1) return kVersionMismatch;
    return Put(&support->supported, 0);
  });
}
