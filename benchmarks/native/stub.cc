// An NVML whose calls cost nothing: every answer is a constant. NVPULSE_STUB_DEVICES sets how many GPUs (8).
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "nvml/abi.h"

using namespace nvpulse::nvml;

#define STUB extern "C" __attribute__((visibility("default"))) Return

namespace {

uint32_t DeviceCount() {
  const char* count = std::getenv("NVPULSE_STUB_DEVICES");
  return count ? static_cast<uint32_t>(std::atoi(count)) : 8;
}

Device DeviceAt(uint64_t index) { return reinterpret_cast<Device>(static_cast<uintptr_t>(index + 1)); }
unsigned IndexOf(Device device) { return static_cast<unsigned>(reinterpret_cast<uintptr_t>(device) - 1); }

Return Say(const char* text, char* out, uint32_t size) {
  if (size <= std::strlen(text)) return kInsufficientSize;
  std::strcpy(out, text);
  return kSuccess;
}

Return Answer(uint32_t* out, uint32_t value) {
  *out = value;
  return kSuccess;
}

Return NoProcesses(uint32_t* count) {
  *count = 0;
  return kSuccess;
}

}  // namespace

STUB nvmlInit_v2() { return kSuccess; }
STUB nvmlInitWithFlags(uint32_t) { return kSuccess; }
STUB nvmlShutdown() { return kSuccess; }
extern "C" __attribute__((visibility("default"))) const char* nvmlErrorString(Return) { return "stub"; }
STUB nvmlSystemGetDriverVersion(char* out, uint32_t size) { return Say("stub", out, size); }
STUB nvmlSystemGetNVMLVersion(char* out, uint32_t size) { return Say("stub", out, size); }
STUB nvmlDeviceGetCount_v2(uint32_t* count) { return Answer(count, DeviceCount()); }
STUB nvmlDeviceGetHandleByIndex_v2(uint32_t index, Device* device) {
  *device = DeviceAt(index);
  return kSuccess;
}
STUB nvmlDeviceGetName(Device, char* out, uint32_t size) { return Say("Stub GPU", out, size); }
STUB nvmlDeviceGetUUID(Device device, char* out, uint32_t size) {
  char uuid[32];
  std::snprintf(uuid, sizeof uuid, "GPU-stub-%u", IndexOf(device));
  return Say(uuid, out, size);
}
STUB nvmlDeviceGetPciInfo_v3(Device device, PciInfo* pci) {
  *pci = PciInfo{};
  std::snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", IndexOf(device) & 0xff);
  return kSuccess;
}
STUB nvmlDeviceGetClockInfo(Device, uint32_t, uint32_t* out) { return Answer(out, 1980); }
STUB nvmlDeviceGetUtilizationRates(Device, Utilization* rates) {
  *rates = {87, 43};
  return kSuccess;
}
STUB nvmlDeviceGetEncoderUtilization(Device, uint32_t* out, uint32_t* period) {
  *period = 167000;
  return Answer(out, 5);
}
STUB nvmlDeviceGetDecoderUtilization(Device, uint32_t* out, uint32_t* period) {
  *period = 167000;
  return Answer(out, 6);
}
STUB nvmlDeviceGetTemperature(Device, uint32_t, uint32_t* out) { return Answer(out, 61); }
STUB nvmlDeviceGetFieldValues(Device, int32_t count, FieldValue* fields) {
  for (int32_t i = 0; i < count; i++) {
    fields[i].value_type = 1;
    fields[i].result = kSuccess;
    fields[i].value.u32 = 72;
  }
  return kSuccess;
}
STUB nvmlDeviceGetFanSpeed(Device, uint32_t* out) { return Answer(out, 40); }
STUB nvmlDeviceGetFanSpeed_v2(Device, uint32_t, uint32_t* out) { return Answer(out, 40); }
STUB nvmlDeviceGetPerformanceState(Device, uint32_t* out) { return Answer(out, 0); }
STUB nvmlDeviceGetPowerUsage(Device, uint32_t* out) { return Answer(out, 512'000); }
STUB nvmlDeviceGetEnforcedPowerLimit(Device, uint32_t* out) { return Answer(out, 700'000); }
STUB nvmlDeviceGetTotalEnergyConsumption(Device, unsigned long long* out) {
  *out = 123'456'789;
  return kSuccess;
}
STUB nvmlDeviceGetMemoryInfo(Device, Memory* memory) {
  *memory = {144ull << 30, 100ull << 30, 44ull << 30};
  return kSuccess;
}
STUB nvmlDeviceGetMemoryInfo_v2(Device, MemoryV2* memory) {
  *memory = {memory->version, 144ull << 30, 1ull << 30, 99ull << 30, 44ull << 30};
  return kSuccess;
}
STUB nvmlDeviceGetComputeRunningProcesses_v2(Device, uint32_t* count, void*) { return NoProcesses(count); }
STUB nvmlDeviceGetGraphicsRunningProcesses_v2(Device, uint32_t* count, void*) { return NoProcesses(count); }
STUB nvmlDeviceGetProcessUtilization(Device, ProcessUtilizationSample*, uint32_t* count, unsigned long long) {
  return NoProcesses(count);
}
