// Every function the simulator exports that can fail, with what a call costs under NVPULSE_SIM_LATENCY=real.
// The costs were measured by others on their own hardware where noted, else they are a plain 10 µs.
// Thread: any; constant.
#pragma once
#include <cstddef>
#include <cstdint>

#include "simulator/unsupported.h"

// Those that are simulated: X(name without "nvml", real latency in µs)
#define NVPULSE_SIMULATOR_CALLS(X)            \
  X(Init, 1500) /* 1 to 2 ms with persistence */ \
  X(Init_v2, 1500)                            \
  X(InitWithFlags, 1500)                      \
  X(Shutdown, 500)                            \
  X(SystemGetDriverVersion, 10)               \
  X(SystemGetDriverBranch, 10)                \
  X(SystemGetNVMLVersion, 10)                 \
  X(SystemGetCudaDriverVersion, 10)           \
  X(SystemGetCudaDriverVersion_v2, 10)        \
  X(SystemGetProcessName, 20)                 \
  X(DeviceGetCount, 10)                       \
  X(DeviceGetCount_v2, 10)                    \
  X(DeviceGetHandleByIndex, 10)               \
  X(DeviceGetHandleByIndex_v2, 10)            \
  X(DeviceGetHandleByUUID, 10)                \
  X(DeviceGetHandleBySerial, 10)              \
  X(DeviceGetHandleByPciBusId, 10)            \
  X(DeviceGetHandleByPciBusId_v2, 10)         \
  X(DeviceGetName, 10)                        \
  X(DeviceGetUUID, 10)                        \
  X(DeviceGetSerial, 10)                      \
  X(DeviceGetBoardPartNumber, 10)             \
  X(DeviceGetVbiosVersion, 10)                \
  X(DeviceGetPciInfo, 10)                     \
  X(DeviceGetPciInfo_v2, 10)                  \
  X(DeviceGetPciInfo_v3, 10)                  \
  X(DeviceGetPciInfoExt, 10)                  \
  X(DeviceGetIndex, 10)                       \
  X(DeviceGetMinorNumber, 10)                 \
  X(DeviceGetBoardId, 10)                     \
  X(DeviceGetBrand, 10)                       \
  X(DeviceGetArchitecture, 10)                \
  X(DeviceGetCudaComputeCapability, 10)       \
  X(DeviceGetNumGpuCores, 10)                 \
  X(DeviceGetMemoryBusWidth, 10)              \
  X(DeviceGetNumFans, 10)                     \
  X(DeviceGetPersistenceMode, 10)             \
  X(DeviceGetComputeMode, 10)                 \
  X(DeviceGetEccMode, 10)                     \
  X(DeviceGetVirtualizationMode, 10)          \
  X(DeviceGetDisplayMode, 10)                 \
  X(DeviceGetDisplayActive, 10)               \
  X(DeviceGetUtilizationRates, 2.5) /* MangoHud#2104 */ \
  X(DeviceGetEncoderUtilization, 10)          \
  X(DeviceGetDecoderUtilization, 10)          \
  X(DeviceGetJpgUtilization, 10)              \
  X(DeviceGetOfaUtilization, 10)              \
  X(DeviceGetMemoryInfo, 12) /* MangoHud#2104 */ \
  X(DeviceGetMemoryInfo_v2, 12)               \
  X(DeviceGetBAR1MemoryInfo, 12)              \
  X(DeviceGetPowerUsage, 360) /* gpustat#76, on a K40m */ \
  X(DeviceGetEnforcedPowerLimit, 10)          \
  X(DeviceGetPowerManagementMode, 10)         \
  X(DeviceGetPowerManagementLimit, 10)        \
  X(DeviceGetPowerManagementDefaultLimit, 10) \
  X(DeviceGetPowerManagementLimitConstraints, 10) \
  X(DeviceGetTotalEnergyConsumption, 10)      \
  X(DeviceGetTemperature, 10)                 \
  X(DeviceGetTemperatureV, 10)                \
  X(DeviceGetMarginTemperature, 10)           \
  X(DeviceGetTemperatureThreshold, 10)        \
  X(DeviceGetFanSpeed, 137) /* MangoHud#2104 */ \
  X(DeviceGetFanSpeed_v2, 137)                \
  X(DeviceGetFanSpeedRPM, 137)                \
  X(DeviceGetClockInfo, 10)                   \
  X(DeviceGetMaxClockInfo, 10)                \
  X(DeviceGetClock, 10)                       \
  X(DeviceGetPerformanceState, 10)            \
  X(DeviceGetPowerState, 10)                  \
  X(DeviceGetCurrentClocksEventReasons, 10)   \
  X(DeviceGetCurrentClocksThrottleReasons, 10) \
  X(DeviceGetPcieThroughput, 20000) /* samples for 20 ms */ \
  X(DeviceGetPcieReplayCounter, 10)           \
  X(DeviceGetCurrPcieLinkGeneration, 10)      \
  X(DeviceGetCurrPcieLinkWidth, 10)           \
  X(DeviceGetMaxPcieLinkGeneration, 10)       \
  X(DeviceGetMaxPcieLinkWidth, 10)            \
  X(DeviceGetGpuMaxPcieLinkGeneration, 10)    \
  X(DeviceGetTotalEccErrors, 10)              \
  X(DeviceGetFieldValues, 10)                 \
  X(DeviceGetSamples, 100)                    \
  X(DeviceGetComputeRunningProcesses, 4500)   \
  X(DeviceGetComputeRunningProcesses_v2, 4500) \
  X(DeviceGetComputeRunningProcesses_v3, 4500) \
  X(DeviceGetGraphicsRunningProcesses, 4500) /* MangoHud#2104 */ \
  X(DeviceGetGraphicsRunningProcesses_v2, 4500) \
  X(DeviceGetGraphicsRunningProcesses_v3, 4500) \
  X(DeviceGetMPSComputeRunningProcesses, 4500) \
  X(DeviceGetMPSComputeRunningProcesses_v2, 4500) \
  X(DeviceGetMPSComputeRunningProcesses_v3, 4500) \
  X(DeviceGetRunningProcessDetailList, 4500)  \
  X(DeviceGetProcessUtilization, 100)         \
  X(DeviceGetProcessesUtilizationInfo, 100)   \
  X(DeviceGetNvLinkState, 10)                 \
  X(DeviceGetNvLinkVersion, 10)               \
  X(DeviceGetNvLinkCapability, 10)            \
  X(DeviceGetNvLinkErrorCounter, 10)          \
  X(DeviceGetNvLinkRemoteDeviceType, 10)      \
  X(DeviceGetMigMode, 10)                     \
  X(DeviceGetMaxMigDeviceCount, 10)           \
  X(DeviceGetMigDeviceHandleByIndex, 10)      \
  X(DeviceIsMigDeviceHandle, 10)              \
  X(DeviceGetSupportedEventTypes, 10)         \
  X(DeviceRegisterEvents, 10)                 \
  X(EventSetCreate, 10)                       \
  X(EventSetFree, 10)                         \
  X(EventSetWait, 0)                          \
  X(EventSetWait_v2, 0)                       \
  X(GpmQueryDeviceSupport, 10)

namespace nvpulse::simulator {

enum class Call : uint16_t {
#define X(name, ...) name,
  NVPULSE_SIMULATOR_CALLS(X)
  NVPULSE_UNSUPPORTED_DEVICE_CALLS(X)
  NVPULSE_UNSUPPORTED_OTHER_CALLS(X)
#undef X
};

struct CallSpec {
  const char* name;
  uint64_t latency__ns;
};

inline constexpr CallSpec kCalls[] = {
#define X(name, latency__us) {#name, static_cast<uint64_t>((latency__us) * 1000.0)},
    NVPULSE_SIMULATOR_CALLS(X)
#undef X
#define X(name) {#name, 10000},
    NVPULSE_UNSUPPORTED_DEVICE_CALLS(X)
    NVPULSE_UNSUPPORTED_OTHER_CALLS(X)
#undef X
};
inline constexpr size_t kCallCount = sizeof(kCalls) / sizeof(kCalls[0]);

}  // namespace nvpulse::simulator
