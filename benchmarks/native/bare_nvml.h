// NVML as a plain C program uses it: dlopen, dlsym, and the calls one after another. Single-threaded.
#pragma once
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "nvml/abi.h"

namespace bare {

using namespace nvpulse::nvml;

inline constexpr int kMaxDevices = 64;

/// The functions behind the gpu metrics, and the devices.
struct Nvml {
  U32ArgFn* clock_info;
  UtilizationFn* utilization_rates;
  U32PairFn* encoder_utilization;
  U32PairFn* decoder_utilization;
  U32ArgFn* temperature;
  FieldValuesFn* field_values;
  U32Fn* fan_speed;
  U32Fn* performance_state;
  U32Fn* power_usage;
  MemoryV2Fn* memory_info;
  U32Fn* power_limit;
  U64Fn* energy;
  ProcessesFn* compute_processes;
  ProcessesFn* graphics_processes;
  uint32_t count;
  Device devices[kMaxDevices];
};

template <typename Function>
Function* Symbol(void* library, const char* name) {
  auto* found = reinterpret_cast<Function*>(dlsym(library, name));
  if (found) return found;
  std::fprintf(stderr, "no %s\n", name);
  std::exit(1);
}

/// The library at NVPULSE_NVML; ends the program where it is not to be used.
inline Nvml Open() {
  const char* path = std::getenv("NVPULSE_NVML");
  void* library = dlopen(path ? path : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library || Symbol<InitFn>(library, "nvmlInit_v2")() != kSuccess) {
    std::fprintf(stderr, "no NVML: %s\n", library ? "nvmlInit_v2 failed" : dlerror());
    std::exit(1);
  }
  Nvml nvml{};
  nvml.clock_info = Symbol<U32ArgFn>(library, "nvmlDeviceGetClockInfo");
  nvml.utilization_rates = Symbol<UtilizationFn>(library, "nvmlDeviceGetUtilizationRates");
  nvml.encoder_utilization = Symbol<U32PairFn>(library, "nvmlDeviceGetEncoderUtilization");
  nvml.decoder_utilization = Symbol<U32PairFn>(library, "nvmlDeviceGetDecoderUtilization");
  nvml.temperature = Symbol<U32ArgFn>(library, "nvmlDeviceGetTemperature");
  nvml.field_values = Symbol<FieldValuesFn>(library, "nvmlDeviceGetFieldValues");
  nvml.fan_speed = Symbol<U32Fn>(library, "nvmlDeviceGetFanSpeed");
  nvml.performance_state = Symbol<U32Fn>(library, "nvmlDeviceGetPerformanceState");
  nvml.power_usage = Symbol<U32Fn>(library, "nvmlDeviceGetPowerUsage");
  nvml.memory_info = Symbol<MemoryV2Fn>(library, "nvmlDeviceGetMemoryInfo_v2");
  nvml.power_limit = Symbol<U32Fn>(library, "nvmlDeviceGetEnforcedPowerLimit");
  nvml.energy = Symbol<U64Fn>(library, "nvmlDeviceGetTotalEnergyConsumption");
  nvml.compute_processes = Symbol<ProcessesFn>(library, "nvmlDeviceGetComputeRunningProcesses_v2");
  nvml.graphics_processes = Symbol<ProcessesFn>(library, "nvmlDeviceGetGraphicsRunningProcesses_v2");
  Symbol<CountFn>(library, "nvmlDeviceGetCount_v2")(&nvml.count);
  if (nvml.count > kMaxDevices) nvml.count = kMaxDevices;
  auto* by_index = Symbol<HandleByIndexFn>(library, "nvmlDeviceGetHandleByIndex_v2");
  for (uint32_t i = 0; i < nvml.count; i++) by_index(i, &nvml.devices[i]);
  return nvml;
}

inline constexpr int kMetrics = 12;

/// Twelve metrics in eleven calls, with the code of each: a value whose call fails is left as it was.
inline void ReadTwelve(const Nvml& nvml, Device device, double* values, uint16_t* status) {
  uint32_t answer = 0;
  uint32_t period = 0;
  Utilization rates;
  FieldValue field;
  const auto tell = [&](int at, Return result, double value) {
    if (result == kSuccess) values[at] = value;
    status[at] = static_cast<uint16_t>(result);
  };
  Return result = nvml.clock_info(device, 1, &answer);
  tell(0, result, answer);
  result = nvml.clock_info(device, 2, &answer);
  tell(1, result, answer);
  result = nvml.clock_info(device, 0, &answer);
  tell(2, result, answer);
  result = nvml.utilization_rates(device, &rates);
  tell(3, result, rates.gpu);
  tell(4, result, rates.memory);
  result = nvml.encoder_utilization(device, &answer, &period);
  tell(5, result, answer);
  result = nvml.decoder_utilization(device, &answer, &period);
  tell(6, result, answer);
  result = nvml.temperature(device, 0, &answer);
  tell(7, result, answer);
  field.field_id = 82;
  field.scope_id = 0;
  result = nvml.field_values(device, 1, &field);
  tell(8, result == kSuccess ? field.result : result, field.value.u32);
  result = nvml.fan_speed(device, &answer);
  tell(9, result, answer);
  result = nvml.performance_state(device, &answer);
  tell(10, result, answer);
  result = nvml.power_usage(device, &answer);
  tell(11, result, answer * 1e-3);
}

}  // namespace bare
