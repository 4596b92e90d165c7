// Exported: start and end, versions, counts, and the ways to a handle. Any thread.
#include <cstdio>
#include <cstring>

#include "simulator/answer.h"
#include "simulator/library.h"

namespace nvpulse::simulator {
namespace {

/** The text of each return code. */
const char* TextOf(int32_t code) {
  switch (code) {
    case 0: return "Success";
    case 1: return "Uninitialized";
    case 2: return "Invalid Argument";
    case 3: return "Not Supported";
    case 4: return "Insufficient Permissions";
    case 5: return "Already Initialized";
    case 6: return "Not Found";
    case 7: return "Insufficient Size";
    case 8: return "Insufficient External Power";
    case 9: return "Driver Not Loaded";
    case 10: return "Timeout";
    case 11: return "Interrupt Request Issue";
    case 12: return "NVML Shared Library Not Found";
    case 13: return "Function Not Found";
    case 14: return "Corrupted infoROM";
    case 15: return "GPU is lost";
    case 16: return "GPU requires reset";
    case 17: return "GPU access blocked by the operating system";
    case 18: return "Driver/library version mismatch";
    case 19: return "In use by another client";
    case 20: return "Insufficient Memory";
    case 21: return "No data";
    case 22: return "vGPU ECC not supported";
    case 23: return "Insufficient Resources";
    case 24: return "Invalid Frequency";
    case 25: return "Argument version mismatch";
    case 26: return "Requested functionality has been deprecated";
    case 27: return "System is not in ready state";
    case 28: return "No supported GPUs were found";
    default: return "Unknown Error";
  }
}

Return Count(Call call, uint32_t* count) {
  if (const Return status = library.Enter(call)) return status;
  return Put(count, library.plugged_count());
}

Return ByIndex(Call call, uint32_t index, Handle* handle) {
  if (const Return status = library.EnterLookup(call)) return status;
  if (handle == nullptr || index >= library.plugged_count()) return kInvalidArgument;
  return library.HandleOf(call, index, handle);
}

/** The first device that `matches`. */
template <typename Matches>
Return Find(Call call, const char* key, Handle* handle, Matches matches) {
  if (const Return status = library.EnterLookup(call)) return status;
  if (key == nullptr || handle == nullptr) return kInvalidArgument;
  for (uint32_t i = 0; i < library.device_count(); i++) {
    if (matches(library.device(i))) return library.HandleOf(call, i, handle);
  }
  return kNotFound;
}

/** domain:bus:device.function, domain:bus:device or bus:device.function, in hexadecimal. */
Return ByPciBusId(Call call, const char* text, Handle* handle) {
  unsigned domain = 0, bus = 0, device = 0, function = 0;
  const bool full = text != nullptr && std::sscanf(text, "%x:%x:%x.%x", &domain, &bus, &device, &function) >= 3;
  const bool brief = !full && text != nullptr && std::sscanf(text, "%x:%x.%x", &bus, &device, &function) == 3;
  if (brief) domain = 0;
  return Find(call, full || brief ? text : nullptr, handle, [&](const Device& candidate) {
    const PciInfo& pci = candidate.pci();
    return pci.domain == domain && pci.bus == bus && pci.device == device;
  });
}

}  // namespace
}  // namespace nvpulse::simulator

using namespace nvpulse::simulator;  // NOLINT: the exported functions are the global namespace's

/** Only the simulator has this: the name of its profile, so that a client can say that what it shows is simulated. */
extern "C" __attribute__((visibility("default"))) const char* nvpulseSimulator() {
  return library.Configure() ? library.options().profile.name : "";
}

extern "C" __attribute__((visibility("default"))) const char* nvmlErrorString(int32_t code) { return TextOf(code); }

NVML_EXPORT nvmlInit() { return library.Init(Call::Init); }
NVML_EXPORT nvmlInit_v2() { return library.Init(Call::Init_v2); }
NVML_EXPORT nvmlInitWithFlags(uint32_t) { return library.Init(Call::InitWithFlags); }
NVML_EXPORT nvmlShutdown() { return library.Shutdown(); }

NVML_EXPORT nvmlSystemGetDriverVersion(char* text, uint32_t length) {
  if (const Return status = library.Enter(Call::SystemGetDriverVersion)) return status;
  return PutText(text, length, library.options().profile.driver_version);
}

/** Answers before init too. */
NVML_EXPORT nvmlSystemGetNVMLVersion(char* text, uint32_t length) {
  if (!library.Configure()) return kInvalidArgument;
  return PutText(text, length, library.options().profile.nvml_version);
}

NVML_EXPORT nvmlSystemGetDriverBranch(DriverBranch* info, uint32_t length) {
  if (const Return status = library.Enter(Call::SystemGetDriverBranch)) return status;
  if (info == nullptr) return kInvalidArgument;
  if (info->version != VersionWord(sizeof *info, 1)) return kVersionMismatch;
  return PutText(info->branch, length < sizeof info->branch ? length : sizeof info->branch, "r580_00");
}

NVML_EXPORT nvmlSystemGetCudaDriverVersion(int32_t* version) {
  if (const Return status = library.Enter(Call::SystemGetCudaDriverVersion)) return status;
  return Put(version, library.options().profile.cuda_version);
}

NVML_EXPORT nvmlSystemGetCudaDriverVersion_v2(int32_t* version) {
  if (const Return status = library.Enter(Call::SystemGetCudaDriverVersion_v2)) return status;
  return Put(version, library.options().profile.cuda_version);
}

NVML_EXPORT nvmlSystemGetProcessName(uint32_t pid, char* name, uint32_t length) {
  if (const Return status = library.Enter(Call::SystemGetProcessName)) return status;
  if (name == nullptr || length == 0) return kInvalidArgument;
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%u/cmdline", pid);
  FILE* file = std::fopen(path, "re");
  if (file == nullptr) return kNotFound;
  const size_t got = std::fread(name, 1, length - 1, file);
  std::fclose(file);
  name[got] = '\0';
  return kSuccess;
}

NVML_EXPORT nvmlDeviceGetCount(uint32_t* count) { return Count(Call::DeviceGetCount, count); }
NVML_EXPORT nvmlDeviceGetCount_v2(uint32_t* count) { return Count(Call::DeviceGetCount_v2, count); }

NVML_EXPORT nvmlDeviceGetHandleByIndex(uint32_t index, Handle* handle) {
  return ByIndex(Call::DeviceGetHandleByIndex, index, handle);
}

NVML_EXPORT nvmlDeviceGetHandleByIndex_v2(uint32_t index, Handle* handle) {
  return ByIndex(Call::DeviceGetHandleByIndex_v2, index, handle);
}

NVML_EXPORT nvmlDeviceGetHandleByUUID(const char* uuid, Handle* handle) {
  return Find(Call::DeviceGetHandleByUUID, uuid, handle,
              [uuid](const Device& device) { return std::strcmp(device.uuid(), uuid) == 0; });
}

NVML_EXPORT nvmlDeviceGetHandleBySerial(const char* serial, Handle* handle) {
  return Find(Call::DeviceGetHandleBySerial, serial, handle, [serial](const Device& device) {
    return device.serial()[0] != '\0' && std::strcmp(device.serial(), serial) == 0;
  });
}

NVML_EXPORT nvmlDeviceGetHandleByPciBusId(const char* bus_id, Handle* handle) {
  return ByPciBusId(Call::DeviceGetHandleByPciBusId, bus_id, handle);
}

NVML_EXPORT nvmlDeviceGetHandleByPciBusId_v2(const char* bus_id, Handle* handle) {
  return ByPciBusId(Call::DeviceGetHandleByPciBusId_v2, bus_id, handle);
}
