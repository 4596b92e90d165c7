#include "readers/gpu_processes.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace nvpulse {
namespace {

using nvml::Return;

constexpr int kAttempts = 4;
constexpr uint32_t kSpare = 16;
constexpr double kMiB = 1.0 / 1048576;

/// The _v2 form has one layout on every driver; _v3 changed its without a new name in 535. The oldest has no suffix.
struct ListCall {
  nvml::ProcessesFn* call;
  bool v2;
};

ListCall Choose(const nvml::Library& library, Symbol v2, Symbol v1) {
  if (auto* call = library.Get<nvml::ProcessesFn>(v2)) return {call, true};
  return {library.Get<nvml::ProcessesFn>(v1), false};
}

Return ReadList(ListCall list, nvml::Device device, std::vector<nvml::ProcessInfoV2>* out) {
  if (!list.call) return nvml::kFunctionNotFound;
  uint32_t count = 0;
  Return result = list.call(device, &count, nullptr);
  for (int attempt = 0; attempt < kAttempts && result == nvml::kInsufficientSize; attempt++) {
    count += kSpare;  // the list may grow between the two calls
    std::vector<nvml::ProcessInfoV2> entries(count);
    std::vector<nvml::ProcessInfoV1> old_entries(list.v2 ? 0 : count);
    result = list.call(device, &count, list.v2 ? static_cast<void*>(entries.data()) : old_entries.data());
    if (result != nvml::kSuccess) continue;
    entries.resize(std::min<size_t>(count, entries.size()));
    for (size_t i = 0; !list.v2 && i < entries.size(); i++) {
      entries[i].pid = old_entries[i].pid;
      entries[i].used_memory = old_entries[i].used_memory;
    }
    out->swap(entries);
    return result;
  }
  if (result == nvml::kSuccess) out->clear();
  return result;
}

bool Has(const JobProcesses& job, uint32_t pid) {
  return std::find(job.pids.begin(), job.pids.end(), static_cast<int>(pid)) != job.pids.end();
}

void Merge(const std::vector<nvml::ProcessInfoV2>& entries, const FollowedProcesses& jobs,
           std::vector<GpuProcess>* out) {
  for (const nvml::ProcessInfoV2& entry : entries) {
    const auto is_its = [&](const JobProcesses& job) { return Has(job, entry.pid); };
    if (!jobs.empty() && std::none_of(jobs.begin(), jobs.end(), is_its)) continue;
    auto known = std::find_if(out->begin(), out->end(), [&](const GpuProcess& p) { return p.pid == entry.pid; });
    if (known == out->end()) known = out->insert(out->end(), GpuProcess{});
    known->pid = entry.pid;
    if (entry.used_memory == nvml::kMemoryNotAvailable) continue;
    const double memory__MiB = static_cast<double>(entry.used_memory) * kMiB;
    if (known->memory_status != kOk || memory__MiB > known->memory__MiB) known->memory__MiB = memory__MiB;
    known->memory_status = kOk;
  }
}

std::string NameOf(uint32_t pid) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%u/comm", pid);
  std::FILE* file = std::fopen(path, "re");
  if (!file) return "";
  char name[64] = {};
  const size_t size = std::fread(name, 1, sizeof name - 1, file);
  std::fclose(file);
  return std::string(name, size > 0 ? size - 1 : 0);  // without the line's end
}

}  // namespace

std::vector<GpuProcess> GpuProcessReader::Read(const nvml::Library& library, nvml::Device device,
                                               const FollowedProcesses& jobs, double* process_num,
                                               Status* status) {
  std::vector<GpuProcess> processes;
  std::vector<nvml::ProcessInfoV2> entries;
  const ListCall compute =
      Choose(library, Symbol::kDeviceGetComputeRunningProcesses_v2, Symbol::kDeviceGetComputeRunningProcesses);
  const Return result = ReadList(compute, device, &entries);
  *status = static_cast<Status>(result);
  *process_num = result == nvml::kSuccess ? static_cast<double>(entries.size()) : kMissing;
  if (result == nvml::kGpuIsLost) return processes;
  if (result == nvml::kSuccess) Merge(entries, jobs, &processes);

  const ListCall graphics =
      Choose(library, Symbol::kDeviceGetGraphicsRunningProcesses_v2, Symbol::kDeviceGetGraphicsRunningProcesses);
  if (ReadList(graphics, device, &entries) == nvml::kSuccess) Merge(entries, jobs, &processes);
  if (!processes.empty()) ReadUtilization(library, device, &processes);
  for (GpuProcess& process : processes) process.name = NameOf(process.pid);
  return processes;
}

void GpuProcessReader::ReadUtilization(const nvml::Library& library, nvml::Device device,
                                       std::vector<GpuProcess>* processes) {
  auto* call = library.Get<nvml::ProcessUtilizationFn>(Symbol::kDeviceGetProcessUtilization);
  Return result = nvml::kFunctionNotFound;
  std::vector<nvml::ProcessUtilizationSample> samples;
  uint32_t count = 0;
  if (call) result = call(device, nullptr, &count, last_seen__us_);
  for (int attempt = 0; attempt < kAttempts && result == nvml::kInsufficientSize; attempt++) {
    count += kSpare;
    samples.resize(count);
    result = call(device, samples.data(), &count, last_seen__us_);
  }
  if (result == nvml::kSuccess) samples.resize(std::min<size_t>(count, samples.size()));
  // NOT_FOUND: nobody was active since last time. That is a reading: no share.
  const bool answered = result == nvml::kSuccess || result == nvml::kNotFound;
  for (GpuProcess& process : *processes) {
    process.sm_status = answered ? kOk : static_cast<Status>(result);
    process.sm__pct = answered ? 0 : kMissing;
  }
  if (result != nvml::kSuccess) return;
  std::map<uint32_t, unsigned long long> newest;
  for (const nvml::ProcessUtilizationSample& sample : samples) {
    // Seen in the field: unknown processes, shares above 100, no time.
    if (sample.pid == 0 || sample.sm_util > 100 || sample.timestamp__us == 0) continue;
    last_seen__us_ = std::max<unsigned long long>(last_seen__us_, sample.timestamp__us);
    for (GpuProcess& process : *processes) {
      if (process.pid != sample.pid || newest[sample.pid] > sample.timestamp__us) continue;
      newest[sample.pid] = sample.timestamp__us;
      process.sm__pct = sample.sm_util;
    }
  }
}

void GpuProcessReader::Append(const std::vector<GpuProcess>& processes, const FollowedProcesses& jobs,
                              uint32_t gpu_index, const std::string& uuid, int64_t time_ns, RowSink& sink) {
  const auto append = [&](const GpuProcess& process, const std::string& job) {
    const auto identity = [&]() -> std::vector<IdentityField> {
      return {{"index", static_cast<double>(gpu_index)},
              {"uuid", uuid},
              {"pid", static_cast<double>(process.pid)},
              {"name", process.name},
              {"job", job}};
    };
    Named& named = instances_.At(Key{process.pid, job}, [&] {
      return Named{sink.AddInstance(Entity::kGpuProcess, identity()), process.name};
    });
    if (!process.name.empty() && process.name != named.name) {
      named = {sink.ReplaceInstance(Entity::kGpuProcess, named.instance, identity()), process.name};
    }
    Row<gpu_process::kColumns> row;
    row.values[gpu_process::process_memory__MiB] = process.memory__MiB;
    row.status[gpu_process::process_memory__MiB] = process.memory_status;
    row.values[gpu_process::process_sm__pct] = process.sm__pct;
    row.status[gpu_process::process_sm__pct] = process.sm_status;
    sink.Append(Entity::kGpuProcess, named.instance, time_ns, row);
  };
  for (const GpuProcess& process : processes) {
    if (jobs.empty()) append(process, "");
    for (const JobProcesses& job : jobs) {
      if (Has(job, process.pid)) append(process, job.job);
    }
  }
  instances_.Finish([&](const Named& gone) { sink.RetireInstance(Entity::kGpuProcess, gone.instance); });
}

}  // namespace nvpulse
