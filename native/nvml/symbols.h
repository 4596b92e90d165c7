// The NVML symbols that nvpulse looks up. A null one is a state (FUNCTION_NOT_FOUND), never a crash:
// presence of a symbol is the only safe test of what a driver offers.
#pragma once

namespace nvpulse {

// clang-format off
#define NVPULSE_NVML_SYMBOLS(X)                                                                       \
  X(Init_v2) X(Shutdown) X(SystemGetDriverVersion) X(SystemGetNVMLVersion)                            \
  X(DeviceGetCount_v2) X(DeviceGetHandleByIndex_v2) X(DeviceGetHandleByPciBusId_v2)                   \
  X(DeviceGetName) X(DeviceGetUUID) X(DeviceGetSerial) X(DeviceGetPciInfo_v3)                         \
  X(DeviceGetClockInfo) X(DeviceGetUtilizationRates) X(DeviceGetEncoderUtilization)                   \
  X(DeviceGetDecoderUtilization) X(DeviceGetTemperature) X(DeviceGetFieldValues) X(DeviceGetFanSpeed) \
  X(DeviceGetPerformanceState) X(DeviceGetPowerUsage) X(DeviceGetMemoryInfo) X(DeviceGetMemoryInfo_v2)\
  X(DeviceGetEnforcedPowerLimit) X(DeviceGetTotalEnergyConsumption)                                   \
  X(DeviceGetPowerManagementDefaultLimit) X(DeviceGetPowerManagementLimitConstraints)                 \
  X(DeviceGetComputeRunningProcesses) X(DeviceGetComputeRunningProcesses_v2)                          \
  X(DeviceGetGraphicsRunningProcesses) X(DeviceGetGraphicsRunningProcesses_v2)                        \
  X(DeviceGetComputeRunningProcesses_v3) X(DeviceGetGraphicsRunningProcesses_v3)                      \
  X(DeviceGetProcessUtilization)
// clang-format on

enum class Symbol : int {
#define X(name) k##name,
  NVPULSE_NVML_SYMBOLS(X)
#undef X
};

inline constexpr const char* kSymbolNames[] = {
#define X(name) "nvml" #name,
    NVPULSE_NVML_SYMBOLS(X)
#undef X
};
inline constexpr int kSymbols = sizeof(kSymbolNames) / sizeof(kSymbolNames[0]);

/// How an NVML call gives its answer; lib/catalog/metrics.ts describes each.
enum class Shape { kU32, kU32Arg, kU32Pair, kU64, kUtilization, kMemory, kField };

}  // namespace nvpulse
