// Exported: what a device does, one value or struct a call. Any thread.
#include "simulator/answer.h"

namespace nvpulse::simulator {
namespace {

constexpr uint64_t kMiB = 1048576;
constexpr uint32_t kEncoderPeriod__us = 100000;
constexpr uint32_t kRpmPerPercent = 30;

Return Period(Call call, Handle handle, Channel channel, uint32_t* pct, uint32_t* period__us) {
  const Return status = GetChannel(call, handle, channel, pct);
  return status == kSuccess ? Put(period__us, kEncoderPeriod__us) : status;
}

Channel ClockOf(uint32_t type) {
  constexpr Channel kClocks[] = {Channel::kGraphicsClock, Channel::kSmClock, Channel::kMemoryClock, Channel::kVideoClock};
  return type < 4 ? kClocks[type] : Channel::kCount;
}

/** Fan f runs 2 f percent points above the channel. */
Return Fan(Call call, const Device& device, uint32_t fan, uint32_t* pct) {
  const Return status = device.Status(Channel::kFanSpeed);
  if (status != kSuccess) return status;
  if (fan >= device.board().fans) return kInvalidArgument;
  return Put(pct, library.Told(call, device, device.Read(Channel::kFanSpeed, library.Now__ns())) + 2 * fan);
}

/** What a device has in memory, in bytes, without what the driver reserves. */
Return Memory(const Device& device, MemoryInfo* memory) {
  if (device.board().memory_status != kSuccess) return device.board().memory_status;
  const uint64_t reserved = device.board().memory_reserved__MiB * kMiB;
  memory->total = device.board().memory_total__MiB * kMiB;
  memory->used = static_cast<uint64_t>(device.Read(Channel::kMemoryUsed, library.Now__ns())) * kMiB;
  memory->free = memory->total - reserved - memory->used;
  return kSuccess;
}

}  // namespace
}  // namespace nvpulse::simulator

using namespace nvpulse::simulator;  // NOLINT: the exported functions are the global namespace's

NVML_EXPORT nvmlDeviceGetUtilizationRates(Handle handle, Utilization* utilization) {
  return Get(Call::DeviceGetUtilizationRates, handle, [=](const Device& device) {
    if (utilization == nullptr) return kInvalidArgument;
    if (const Return status = device.Status(Channel::kGpuUtilization)) return status;
    const uint64_t now__ns = library.Now__ns();
    const auto told = [&](Channel channel) {
      return library.Told(Call::DeviceGetUtilizationRates, device, device.Read(channel, now__ns));
    };
    utilization->gpu = static_cast<uint32_t>(told(Channel::kGpuUtilization));
    utilization->memory = static_cast<uint32_t>(told(Channel::kMemoryUtilization));
    return kSuccess;
  });
}

NVML_EXPORT nvmlDeviceGetEncoderUtilization(Handle handle, uint32_t* pct, uint32_t* period__us) {
  return Period(Call::DeviceGetEncoderUtilization, handle, Channel::kEncoderUtilization, pct, period__us);
}
NVML_EXPORT nvmlDeviceGetDecoderUtilization(Handle handle, uint32_t* pct, uint32_t* period__us) {
  return Period(Call::DeviceGetDecoderUtilization, handle, Channel::kDecoderUtilization, pct, period__us);
}
NVML_EXPORT nvmlDeviceGetJpgUtilization(Handle handle, uint32_t* pct, uint32_t* period__us) {
  return Period(Call::DeviceGetJpgUtilization, handle, Channel::kJpegUtilization, pct, period__us);
}
NVML_EXPORT nvmlDeviceGetOfaUtilization(Handle handle, uint32_t* pct, uint32_t* period__us) {
  return Period(Call::DeviceGetOfaUtilization, handle, Channel::kOfaUtilization, pct, period__us);
}

/** `used` includes what the driver reserves. */
NVML_EXPORT nvmlDeviceGetMemoryInfo(Handle handle, MemoryInfo* memory) {
  return Get(Call::DeviceGetMemoryInfo, handle, [=](const Device& device) {
    if (memory == nullptr) return kInvalidArgument;
    const Return status = Memory(device, memory);
    if (status == kSuccess) memory->used = memory->total - memory->free;
    return status;
  });
}

NVML_EXPORT nvmlDeviceGetMemoryInfo_v2(Handle handle, MemoryInfo2* memory) {
  return Get(Call::DeviceGetMemoryInfo_v2, handle, [=](const Device& device) {
    if (memory == nullptr) return kInvalidArgument;
    if (memory->version != VersionWord(sizeof *memory, 2)) return kVersionMismatch;
    MemoryInfo plain;
    if (const Return status = Memory(device, &plain)) return status;
    *memory = {memory->version, plain.total, plain.total - plain.free - plain.used, plain.free, plain.used};
    return kSuccess;
  });
}

/** Two MiB of it in use, as by a board that only computes. */
NVML_EXPORT nvmlDeviceGetBAR1MemoryInfo(Handle handle, Bar1Memory* memory) {
  return Get(Call::DeviceGetBAR1MemoryInfo, handle, [=](const Device& device) {
    if (memory == nullptr) return kInvalidArgument;
    if (device.board().memory_status != kSuccess) return device.board().memory_status;
    if (device.board().bar1__MiB == 0) return kNotSupported;
    const uint64_t total = device.board().bar1__MiB * kMiB;
    *memory = {total, total - 2 * kMiB, 2 * kMiB};
    return kSuccess;
  });
}

NVML_EXPORT nvmlDeviceGetPowerUsage(Handle handle, uint32_t* power__mW) {
  return GetChannel(Call::DeviceGetPowerUsage, handle, Channel::kPower, power__mW);
}

NVML_EXPORT nvmlDeviceGetEnforcedPowerLimit(Handle handle, uint32_t* limit__mW) {
  return Get(Call::DeviceGetEnforcedPowerLimit, handle,
             [=](const Device& device) { return PutKnown(limit__mW, device.board().power_limit__mW); });
}

NVML_EXPORT nvmlDeviceGetPowerManagementMode(Handle handle, uint32_t* mode) {
  return Get(Call::DeviceGetPowerManagementMode, handle,
             [=](const Device& device) { return PutKnown(mode, device.board().power_manageable); });
}

NVML_EXPORT nvmlDeviceGetPowerManagementLimit(Handle handle, uint32_t* limit__mW) {
  return Get(Call::DeviceGetPowerManagementLimit, handle, [=](const Device& device) {
    return device.board().power_manageable ? Put(limit__mW, device.board().power_limit__mW) : kNotSupported;
  });
}

NVML_EXPORT nvmlDeviceGetPowerManagementDefaultLimit(Handle handle, uint32_t* limit__mW) {
  return Get(Call::DeviceGetPowerManagementDefaultLimit, handle,
             [=](const Device& device) { return PutKnown(limit__mW, device.board().power_default__mW); });
}

NVML_EXPORT nvmlDeviceGetPowerManagementLimitConstraints(Handle handle, uint32_t* min__mW, uint32_t* max__mW) {
  return Get(Call::DeviceGetPowerManagementLimitConstraints, handle, [=](const Device& device) {
    if (!device.board().power_manageable) return kNotSupported;
    const Return status = Put(min__mW, device.board().power_min__mW);
    return status == kSuccess ? Put(max__mW, device.board().power_max__mW) : status;
  });
}

NVML_EXPORT nvmlDeviceGetTotalEnergyConsumption(Handle handle, uint64_t* energy__mJ) {
  return Get(Call::DeviceGetTotalEnergyConsumption, handle, [=](const Device& device) {
    const Return status = device.Status(Channel::kEnergy);
    if (status != kSuccess) return status;
    const auto counted__mJ = static_cast<int64_t>(library.Energy__mJ(device, library.Now__ns()));
    return Put(energy__mJ, library.Told(Call::DeviceGetTotalEnergyConsumption, device, counted__mJ));
  });
}

NVML_EXPORT nvmlDeviceGetTemperature(Handle handle, uint32_t sensor, uint32_t* celsius) {
  if (sensor != 0) return Get(Call::DeviceGetTemperature, handle, [](const Device&) { return kInvalidArgument; });
  return GetChannel(Call::DeviceGetTemperature, handle, Channel::kTemperature, celsius);
}

NVML_EXPORT nvmlDeviceGetTemperatureV(Handle handle, Temperature* temperature) {
  return Get(Call::DeviceGetTemperatureV, handle, [=](const Device& device) {
    if (temperature == nullptr || temperature->sensor != 0) return kInvalidArgument;
    if (temperature->version != VersionWord(sizeof *temperature, 1)) return kVersionMismatch;
    const Return status = device.Status(Channel::kTemperature);
    if (status != kSuccess) return status;
    const int64_t celsius = device.Read(Channel::kTemperature, library.Now__ns());
    return Put(&temperature->celsius, library.Told(Call::DeviceGetTemperatureV, device, celsius));
  });
}

/** To the GPU's maximum operating temperature. */
NVML_EXPORT nvmlDeviceGetMarginTemperature(Handle handle, MarginTemperature* margin) {
  return Get(Call::DeviceGetMarginTemperature, handle, [=](const Device& device) {
    if (margin == nullptr) return kInvalidArgument;
    if (margin->version != VersionWord(sizeof *margin, 1)) return kVersionMismatch;
    const int64_t maximum = device.board().threshold__C[3];
    const Return status = maximum == 0 ? kNotSupported : device.Status(Channel::kTemperature);
    return status == kSuccess ? Put(&margin->celsius, maximum - device.Read(Channel::kTemperature, library.Now__ns())) : status;
  });
}

NVML_EXPORT nvmlDeviceGetTemperatureThreshold(Handle handle, uint32_t type, uint32_t* celsius) {
  return Get(Call::DeviceGetTemperatureThreshold, handle, [=](const Device& device) {
    return type < 4 ? PutKnown(celsius, device.board().threshold__C[type]) : kNotSupported;
  });
}

NVML_EXPORT nvmlDeviceGetFanSpeed(Handle handle, uint32_t* pct) {
  constexpr Call kCall = Call::DeviceGetFanSpeed;
  return Get(kCall, handle, [=](const Device& device) { return Fan(kCall, device, 0, pct); });
}

NVML_EXPORT nvmlDeviceGetFanSpeed_v2(Handle handle, uint32_t fan, uint32_t* pct) {
  constexpr Call kCall = Call::DeviceGetFanSpeed_v2;
  return Get(kCall, handle, [=](const Device& device) { return Fan(kCall, device, fan, pct); });
}

NVML_EXPORT nvmlDeviceGetFanSpeedRPM(Handle handle, FanSpeedInfo* info) {
  return Get(Call::DeviceGetFanSpeedRPM, handle, [=](const Device& device) {
    if (info == nullptr) return kInvalidArgument;
    if (info->version != VersionWord(sizeof *info, 1)) return kVersionMismatch;
    const Return status = Fan(Call::DeviceGetFanSpeedRPM, device, info->fan, &info->rpm);
    if (status == kSuccess) info->rpm *= kRpmPerPercent;
    return status;
  });
}

NVML_EXPORT nvmlDeviceGetClockInfo(Handle handle, uint32_t type, uint32_t* clock__MHz) {
  if (ClockOf(type) == Channel::kCount) return Get(Call::DeviceGetClockInfo, handle, [](const Device&) { return kInvalidArgument; });
  return GetChannel(Call::DeviceGetClockInfo, handle, ClockOf(type), clock__MHz);
}

NVML_EXPORT nvmlDeviceGetMaxClockInfo(Handle handle, uint32_t type, uint32_t* clock__MHz) {
  return Get(Call::DeviceGetMaxClockInfo, handle, [=](const Device& device) {
    return type < 4 ? PutKnown(clock__MHz, device.board().max_clock__MHz[type]) : kInvalidArgument;
  });
}

/** Only the current clock (id 0). */
NVML_EXPORT nvmlDeviceGetClock(Handle handle, uint32_t type, uint32_t id, uint32_t* clock__MHz) {
  if (ClockOf(type) == Channel::kCount || id != 0) {
    return Get(Call::DeviceGetClock, handle, [id](const Device&) { return id < 4 ? kNotSupported : kInvalidArgument; });
  }
  return GetChannel(Call::DeviceGetClock, handle, ClockOf(type), clock__MHz);
}

NVML_EXPORT nvmlDeviceGetPerformanceState(Handle handle, uint32_t* state) {
  return GetChannel(Call::DeviceGetPerformanceState, handle, Channel::kPerfState, state);
}
NVML_EXPORT nvmlDeviceGetPowerState(Handle handle, uint32_t* state) {
  return GetChannel(Call::DeviceGetPowerState, handle, Channel::kPerfState, state);
}

NVML_EXPORT nvmlDeviceGetCurrentClocksEventReasons(Handle handle, uint64_t* reasons) {
  return GetChannel(Call::DeviceGetCurrentClocksEventReasons, handle, Channel::kClockReasons, reasons);
}
NVML_EXPORT nvmlDeviceGetCurrentClocksThrottleReasons(Handle handle, uint64_t* reasons) {
  return GetChannel(Call::DeviceGetCurrentClocksThrottleReasons, handle, Channel::kClockReasons, reasons);
}

NVML_EXPORT nvmlDeviceGetPcieThroughput(Handle handle, uint32_t counter, uint32_t* rate__KBps) {
  if (counter > 1) return Get(Call::DeviceGetPcieThroughput, handle, [](const Device&) { return kInvalidArgument; });
  const Channel channel = counter == 0 ? Channel::kPcieTransmit : Channel::kPcieReceive;
  return GetChannel(Call::DeviceGetPcieThroughput, handle, channel, rate__KBps);
}

NVML_EXPORT nvmlDeviceGetPcieReplayCounter(Handle handle, uint32_t* count) {
  return Get(Call::DeviceGetPcieReplayCounter, handle, [=](const Device& device) { return Put(count, device.index() + 1); });
}

/** A healthy board: index + 1 corrected errors over its life, none since start. */
NVML_EXPORT nvmlDeviceGetTotalEccErrors(Handle handle, uint32_t type, uint32_t counter, uint64_t* count) {
  return Get(Call::DeviceGetTotalEccErrors, handle, [=](const Device& device) {
    if (!device.board().ecc) return kNotSupported;
    if (type > 1 || counter > 1) return kInvalidArgument;
    return Put(count, type == 0 && counter == 1 ? device.index() + 1 : 0);
  });
}
