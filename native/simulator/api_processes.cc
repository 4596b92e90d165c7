// Exported: the processes on a device, in every form and size the library ever gave them. Any thread.
#include "simulator/answer.h"
#include "simulator/processes.h"

namespace nvpulse::simulator {
namespace {

constexpr uint32_t kNoInstance = UINT32_MAX;

void Write(const Process& process, ProcessInfo1* out) { *out = {process.pid, process.used__B}; }
void Write(const Process& process, ProcessInfo2* out) { *out = {process.pid, process.used__B, kNoInstance, kNoInstance}; }
void Write(const Process& process, ProcessDetail* out) {
  *out = {process.pid, process.used__B, kNoInstance, kNoInstance, 0};
}

void Write(const Process& process, uint64_t at__us, ProcessUtilization* out) {
  *out = {process.pid, at__us, process.sm__pct, process.memory__pct, process.encoder__pct, process.decoder__pct};
}
void Write(const Process& process, uint64_t at__us, ProcessUtilizationInfo* out) {
  *out = {at__us, process.pid, process.sm__pct, process.memory__pct, process.encoder__pct, process.decoder__pct, 0, 0};
}

/** Two passes: with too little room (none, and no array, to ask) it says how much is needed. */
template <typename Entry>
Return List(const Device& device, ProcessKind kind, uint32_t* count, Entry* entries) {
  Process processes[kMaxProcesses];
  const size_t found = ListProcesses(device, kind, library.Now__ns(), processes);
  const bool fits = found <= *count && (entries != nullptr || found == 0);
  *count = static_cast<uint32_t>(found);
  if (!fits) return kInsufficientSize;
  for (size_t i = 0; i < found; i++) Write(processes[i], &entries[i]);
  return kSuccess;
}

template <typename Entry>
Return Running(Call call, ProcessKind kind, Handle handle, uint32_t* count, Entry* entries) {
  return Get(call, handle, [=](const Device& device) {
    return count == nullptr ? kInvalidArgument : List(device, kind, count, entries);
  });
}

/** As List, but only what is newer than `last_seen__us`. */
template <typename Entry>
Return Utilizations(const Device& device, uint64_t last_seen__us, uint32_t* count, Entry* entries) {
  if (const Return status = device.Status(Channel::kGpuUtilization)) return status;
  const uint64_t now__ns = library.Now__ns();
  const uint64_t at__us = ProcessesRefreshedAt__us(device, now__ns);
  Process processes[kMaxProcesses];
  const size_t found = at__us > last_seen__us ? ListProcesses(device, ProcessKind::kCompute, now__ns, processes) : 0;
  const bool fits = found <= *count && entries != nullptr;
  *count = static_cast<uint32_t>(found);
  if (found == 0) return kNotFound;
  if (!fits) return kInsufficientSize;
  for (size_t i = 0; i < found; i++) Write(processes[i], at__us, &entries[i]);
  return kSuccess;
}

}  // namespace
}  // namespace nvpulse::simulator

using namespace nvpulse::simulator;  // NOLINT: the exported functions are the global namespace's

#define RUNNING(name, kind, entry)                                                   \
  NVML_EXPORT nvml##name(Handle handle, uint32_t* count, entry* entries) {           \
    return Running(Call::name, ProcessKind::kind, handle, count, entries);           \
  }
RUNNING(DeviceGetComputeRunningProcesses, kCompute, ProcessInfo1)
RUNNING(DeviceGetComputeRunningProcesses_v2, kCompute, ProcessInfo2)
RUNNING(DeviceGetComputeRunningProcesses_v3, kCompute, ProcessInfo2)
RUNNING(DeviceGetGraphicsRunningProcesses, kGraphics, ProcessInfo1)
RUNNING(DeviceGetGraphicsRunningProcesses_v2, kGraphics, ProcessInfo2)
RUNNING(DeviceGetGraphicsRunningProcesses_v3, kGraphics, ProcessInfo2)
RUNNING(DeviceGetMPSComputeRunningProcesses, kMps, ProcessInfo1)
RUNNING(DeviceGetMPSComputeRunningProcesses_v2, kMps, ProcessInfo2)
RUNNING(DeviceGetMPSComputeRunningProcesses_v3, kMps, ProcessInfo2)
#undef RUNNING

NVML_EXPORT nvmlDeviceGetRunningProcessDetailList(Handle handle, ProcessDetailList* list) {
  return Get(Call::DeviceGetRunningProcessDetailList, handle, [=](const Device& device) {
    if (list == nullptr) return kInvalidArgument;
    if (list->version != VersionWord(sizeof *list, 1)) return kVersionMismatch;
    if (device.board().architecture < 9) return kNotSupported;
    if (list->mode > 2) return kInvalidArgument;
    return List(device, static_cast<ProcessKind>(list->mode), &list->entries, list->array);
  });
}

NVML_EXPORT nvmlDeviceGetProcessUtilization(Handle handle, ProcessUtilization* samples, uint32_t* count,
                                            uint64_t last_seen__us) {
  return Get(Call::DeviceGetProcessUtilization, handle, [=](const Device& device) {
    return count == nullptr ? kInvalidArgument : Utilizations(device, last_seen__us, count, samples);
  });
}

NVML_EXPORT nvmlDeviceGetProcessesUtilizationInfo(Handle handle, ProcessesUtilizationInfo* info) {
  return Get(Call::DeviceGetProcessesUtilizationInfo, handle, [=](const Device& device) {
    if (info == nullptr) return kInvalidArgument;
    if (info->version != VersionWord(sizeof *info, 1)) return kVersionMismatch;
    return Utilizations(device, info->last_seen__us, &info->count, info->array);
  });
}
