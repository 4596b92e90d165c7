#include "readers/gpu_processes.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <map>

#include "readers/gpu.h"

namespace nvpulse {
namespace {

using nvml::Return;

constexpr int kAttempts = 4;
constexpr uint32_t kSpare = 16;
constexpr double kMiB = 1.0 / 1048576;

/// A form of a list: its call, and how long its entries are. All begin with pid, padding, memory.
struct Form {
  Symbol symbol;
  size_t entry__B;
};
constexpr size_t kMeasured = 0;
constexpr size_t kLargestEntry__B = 32;
/// What no entry is made of: where it still stands, nothing was written.
constexpr unsigned char kUnwritten = 0xAA;

/// The _v2 form has one layout on every driver; that of _v3 changed in 535 without a new name; the oldest has no suffix.
constexpr Form kComputeForms[] = {{Symbol::kDeviceGetComputeRunningProcesses_v2, 24},
                                  {Symbol::kDeviceGetComputeRunningProcesses_v3, kMeasured},
                                  {Symbol::kDeviceGetComputeRunningProcesses, 16}};
constexpr Form kGraphicsForms[] = {{Symbol::kDeviceGetGraphicsRunningProcesses_v2, 24},
                                   {Symbol::kDeviceGetGraphicsRunningProcesses_v3, kMeasured},
                                   {Symbol::kDeviceGetGraphicsRunningProcesses, 16}};

struct ListedProcess {
  uint32_t pid;
  uint64_t used_memory;
};

/// 24, or 32 where the driver wrote on beyond `count` entries of 24.
size_t MeasureEntry(const std::vector<unsigned char>& bytes, size_t count) {
  const auto rest = bytes.begin() + static_cast<std::ptrdiff_t>(24 * count);
  const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(32 * count);
  return std::all_of(rest, end, [](unsigned char byte) { return byte == kUnwritten; }) ? 24 : 32;
}

std::vector<ListedProcess> Decode(const std::vector<unsigned char>& bytes, size_t count, size_t entry__B) {
  count = std::min(count, bytes.size() / kLargestEntry__B);
  if (entry__B == kMeasured) entry__B = MeasureEntry(bytes, count);
  std::vector<ListedProcess> processes(count);
  for (size_t i = 0; i < count; i++) {
    std::memcpy(&processes[i].pid, &bytes[i * entry__B], sizeof processes[i].pid);
    std::memcpy(&processes[i].used_memory, &bytes[i * entry__B + 8], sizeof processes[i].used_memory);
  }
  return processes;
}

Return ReadForm(const nvml::Library& library, nvml::Device device, const Form& form, std::vector<ListedProcess>* out) {
  auto* call = library.Get<nvml::ProcessesFn>(form.symbol);
  if (!call) return nvml::kFunctionNotFound;
  uint32_t count = 0;
  Return result = call(device, &count, nullptr);
  if (result == nvml::kSuccess) out->clear();
  for (int attempt = 0; attempt < kAttempts && result == nvml::kInsufficientSize; attempt++) {
    count += kSpare;  // the list may grow between the two calls
    std::vector<unsigned char> bytes(count * kLargestEntry__B, kUnwritten);
    result = call(device, &count, bytes.data());
    if (result == nvml::kSuccess) *out = Decode(bytes, count, form.entry__B);
  }
  return result;
}

/// By the first form that this driver has: a symbol alone proves nothing, its kernel side may lack it.
template <size_t Forms>
Return ReadList(const nvml::Library& library, nvml::Device device, const Form (&forms)[Forms],
                std::vector<ListedProcess>* out) {
  Return first = nvml::kFunctionNotFound;
  for (const Form& form : forms) {
    const Return result = ReadForm(library, device, form, out);
    if (!IsPermanent(result)) return result;
    if (first == nvml::kFunctionNotFound) first = result;
  }
  return first;
}

/// Whether the process ids that a driver tells are those of this process: in the machine's first PID namespace they are,
/// in any other a driver may tell the first one's.
bool PidsAreOurs() {
  constexpr ino_t kFirst = 0xEFFFFFFC;  // PROC_PID_INIT_INO of the kernel
  struct stat space;
  return stat("/proc/self/ns/pid", &space) == 0 && space.st_ino == kFirst;
}

bool Has(const JobProcesses& job, uint32_t pid) {
  return std::find(job.pids.begin(), job.pids.end(), static_cast<int>(pid)) != job.pids.end();
}

void Merge(const std::vector<ListedProcess>& entries, const FollowedProcesses& jobs,
           std::vector<GpuProcess>* out) {
  for (const ListedProcess& entry : entries) {
    if (entry.pid == 0) continue;  // seen in the field, where a process is of another namespace
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
  std::vector<ListedProcess> entries;
  const Return result = ReadList(library, device, kComputeForms, &entries);
  *status = static_cast<Status>(result);
  *process_num = result == nvml::kSuccess ? static_cast<double>(entries.size()) : kMissing;
  static const bool are_ours = PidsAreOurs();
  if (result == nvml::kGpuIsLost || !are_ours) return processes;
  if (result == nvml::kSuccess) Merge(entries, jobs, &processes);

  if (ReadList(library, device, kGraphicsForms, &entries) == nvml::kSuccess) Merge(entries, jobs, &processes);
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
