#include "sampler/gpu_thread.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "sampler/clock.h"

namespace nvpulse {
namespace {

using nvml::Return;

/// A call that is out for longer hangs; with the watchdog's period that is seen within 250 ms.
constexpr int64_t kHang_ns = 150'000'000;
constexpr int64_t kWatch_ns = 50'000'000;
/// A thread that could run waits for a CPU, not for the driver: it is given longer.
constexpr int64_t kStarved_ns = 2'000'000'000;
constexpr int64_t kFirstRetry_ns = 1'000'000'000;
constexpr int64_t kLastRetry_ns = 60'000'000'000;
constexpr int kNoDevice = -1;

bool IsLost(Return result) { return result == nvml::kGpuIsLost; }

/// NVML itself is gone: the driver was reloaded, or somebody shut it down.
bool IsClosed(Return result) { return result == nvml::kUninitialized || result == nvml::kDriverNotLoaded; }

/// Whether a thread of this process is runnable (state R), as the kernel says.
bool IsRunnable(int thread_id) {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread_id);
  std::FILE* file = std::fopen(path, "re");
  if (!file) return false;
  char state = 0;
  const int fields = std::fscanf(file, "%*d (%*[^)]) %c", &state);
  std::fclose(file);
  return fields == 1 && state == 'R';
}

const char* StateOf(nvml::Absence absence) {
  switch (absence) {
    case nvml::Absence::kNoDriver: return "no_driver";
    case nvml::Absence::kNoLibrary: return "no_library";
    case nvml::Absence::kNotNvml: return "not_nvml";
    default: return "failed";
  }
}

}  // namespace

void SharedProcesses::Set(const FollowedProcesses& processes) {
  std::lock_guard<std::mutex> lock(mutex_);
  processes_ = processes;
}

FollowedProcesses SharedProcesses::Get() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return processes_;
}

std::string CallLatencies::NameOf(int call) {
  if (call == kOpen) return "nvmlInit_v2";
  if (call == kProcesses) return "processes";
  const NvmlRead& read = kNvmlReads[call];
  std::string name = kSymbolNames[static_cast<int>(read.symbol)];
  if (read.shape == Shape::kU32Arg || read.shape == Shape::kField) name += "(" + std::to_string(read.arg) + ")";
  return name;
}

/// One GPU as a worker knows it.
struct GpuThread::Device {
  nvml::Device handle = nullptr;
  uint32_t instance = 0;
  GpuIdentity identity;
  Return permanent[kNvmlReadCount] = {};  ///< The answer that will not change; 0: ask.
  GpuProcessReader processes;
  double board_power__W = 0;  ///< The most that it may be set to draw; 0: not known.
  bool lost = false;
  Return lost_by = nvml::kSuccess;
  int64_t retry_ns = 0;
  int64_t retry_period_ns = kFirstRetry_ns;
};

/// What one thread owns: it alone touches it, but for what the comments say.
struct GpuThread::Worker {
  std::unique_ptr<nvml::Handle> handle;
  std::vector<Device> devices;
  bool enumerated = false;
  int64_t retry_ns = 0;
  Thread thread;                     ///< Of the one who starts and stops.
  bool abandoned = false;            ///< Under GpuThread::mutex_.
  std::atomic<int64_t> started_ns{0};  ///< When the call that is out began; 0: none. Read by the watchdog.
  std::atomic<int> device{kNoDevice};  ///< What it is about: an index into devices, or the library.
  std::atomic<int> thread_id{0};
};

GpuThread::GpuThread(std::string nvml_path, int64_t interval_ns, std::shared_ptr<Store> store,
                     std::shared_ptr<SharedProcesses> processes)
    : nvml_path_(std::move(nvml_path)),
      store_(std::move(store)),
      processes_(std::move(processes)),
      schedule_(interval_ns) {}

GpuThread::~GpuThread() = default;

void GpuThread::Start() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    StartWorker({}, false);
  }
  auto self = shared_from_this();
  watchdog_.Start("nvpulse-watch", [self] { self->Watch(); });
}

/// Called with mutex_ held.
void GpuThread::StartWorker(std::vector<Device> devices, bool enumerated) {
  auto worker = std::make_shared<Worker>();
  worker->enumerated = enumerated;
  worker->devices = std::move(devices);
  worker_ = worker;
  auto self = shared_from_this();
  if (!worker->thread.Start("nvpulse-gpu", [self, worker] { self->Work(*worker); })) {
    info_.state = "failed";
    info_.reason = "the system gives no thread for sampling GPUs";
  }
}

void GpuThread::Stop(int64_t deadline_ns) {
  schedule_.Stop();
  watchdog_.JoinUntil(deadline_ns);
  std::shared_ptr<Worker> worker;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    worker = std::move(worker_);
  }
  if (!worker) return;
  const int64_t started_ns = worker->started_ns.load(std::memory_order_relaxed);
  const bool hangs = started_ns != 0 && MonotonicNs() - started_ns > kHang_ns;
  worker->thread.JoinUntil(hangs ? 0 : deadline_ns);
}

GpuInfo GpuThread::Info() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return info_;
}

void GpuThread::SetInfo(const char* state, std::string reason) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (info_.state == std::string(state) && info_.reason == reason) return;
    info_.state = state;
    info_.reason = reason;
  }
  store_->Event(MonotonicNs(), "gpu_state", -1, std::string(state) + (reason.empty() ? "" : ": " + reason));
}

bool GpuThread::Current(const Worker& worker) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return !worker.abandoned;
}

void GpuThread::Work(Worker& worker) {
  worker.thread_id.store(static_cast<int>(syscall(SYS_gettid)), std::memory_order_relaxed);
  TierMask due = 0;
  while (schedule_.Wait(&due)) {
    if (!worker.handle && MonotonicNs() >= worker.retry_ns && !Open(worker)) {
      worker.retry_ns = MonotonicNs() + kLastRetry_ns;
    }
    if (worker.handle) ReadAll(worker, due);
    if (!Current(worker)) return;
    if (due != static_cast<TierMask>(Tier::kFast)) cpu_ns_.store(ThreadCpuNs(), std::memory_order_relaxed);
    schedule_.Done();
  }
  worker.handle.reset();  // here, not where the last reference goes: shutting NVML down may take the driver's time
}

bool GpuThread::Open(Worker& worker) {
  const int64_t begun_ns = MonotonicNs();
  worker.device.store(kNoDevice, std::memory_order_relaxed);
  worker.started_ns.store(begun_ns, std::memory_order_relaxed);
  nvml::Absence absence = nvml::Absence::kNone;
  std::string reason;
  worker.handle = nvml::Handle::Acquire(nvml_path_, &absence, &reason);
  if (worker.handle && !worker.enumerated) Enumerate(worker);
  worker.started_ns.store(0, std::memory_order_relaxed);
  latencies_.of[CallLatencies::kOpen].Add(MonotonicNs() - begun_ns);
  if (!worker.handle) {
    SetInfo(StateOf(absence), reason);
    return false;
  }
  SetInfo("ok", "");
  return true;
}

void GpuThread::Enumerate(Worker& worker) {
  const nvml::Library& library = worker.handle->library();
  const std::string driver_version = SystemString(library, Symbol::kSystemGetDriverVersion);
  const std::string nvml_version = SystemString(library, Symbol::kSystemGetNVMLVersion);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    info_.driver_version = driver_version;
    info_.nvml_version = nvml_version;
    info_.library = library.path();
    info_.profile = library.simulator_profile();
  }
  uint32_t count = 0;
  if (library.Get<nvml::CountFn>(Symbol::kDeviceGetCount_v2)(&count) != nvml::kSuccess) count = 0;
  auto* by_index = library.Get<nvml::HandleByIndexFn>(Symbol::kDeviceGetHandleByIndex_v2);
  for (uint32_t index = 0; by_index && index < count; index++) {
    Device device;
    const Return result = by_index(index, &device.handle);
    if (result != nvml::kSuccess) {  // one bad GPU is not the others' fault
      store_->Event(MonotonicNs(), "device_lost", -1,
                    "GPU " + std::to_string(index) + " cannot be opened: NVML error " + std::to_string(result));
      continue;
    }
    device.identity = IdentifyGpu(library, device.handle, index, driver_version);
    device.instance = store_->AddInstance(Entity::kGpu, device.identity.Fields());
    NoteBoardPower(device, BoardPower__W(library, device.handle));
    worker.devices.push_back(std::move(device));
  }
  worker.enumerated = true;
}

void GpuThread::ReadAll(Worker& worker, TierMask due) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (Device& device : returned_) worker.devices.push_back(std::move(device));
    returned_.clear();
  }
  for (size_t i = 0; i < worker.devices.size(); i++) {
    worker.device.store(static_cast<int>(i), std::memory_order_relaxed);
    if (!ReadDevice(worker, worker.devices[i], due)) return;
    if (IsClosed(worker.devices[i].lost_by)) return Close(worker, worker.devices[i].lost_by);
  }
}

/// NVML was shut down under us: no handle is valid any longer.
void GpuThread::Close(Worker& worker, Return why) {
  const int64_t now_ns = MonotonicNs();
  for (Device& device : worker.devices) {
    if (!device.lost) Lose(device, now_ns, why);
    device.lost_by = nvml::kSuccess;
  }
  worker.handle.reset();
  worker.retry_ns = now_ns + kFirstRetry_ns;
}

/// False: the worker was abandoned meanwhile, and must touch nothing but itself.
bool GpuThread::ReadDevice(Worker& worker, Device& device, TierMask due) {
  const int64_t now_ns = MonotonicNs();
  worker.started_ns.store(now_ns, std::memory_order_relaxed);
  if (device.lost && now_ns >= device.retry_ns) Reacquire(worker, device, now_ns);
  GpuRow row;
  if (!device.lost) ReadCalls(worker, device, due, row);
  worker.started_ns.store(0, std::memory_order_relaxed);

  std::lock_guard<std::mutex> lock(mutex_);
  if (worker.abandoned) {
    store_->Event(MonotonicNs(), "device_recovered", device.instance, "the call that hung has returned");
    returned_.push_back(std::move(device));
    return false;
  }
  if (!device.lost) store_->Append(Entity::kGpu, device.instance, now_ns, row);
  return true;
}

void GpuThread::ReadCalls(Worker& worker, Device& device, TierMask due, GpuRow& row) {
  const nvml::Library& library = worker.handle->library();
  int64_t begun_ns = MonotonicNs();
  for (int i = 0; i < kNvmlReadCount; i++) {
    const NvmlRead& read = kNvmlReads[i];
    if (!IsDue(due, read.tier)) continue;
    if (device.permanent[i] != nvml::kSuccess) {
      for (int column : read.columns) {
        if (column != kNoColumn) row.Fail(column, static_cast<Status>(device.permanent[i]));
      }
      continue;
    }
    worker.started_ns.store(begun_ns, std::memory_order_relaxed);
    const Return result = ReadNvml(library, device.handle, i, row.values, row.status);
    const int64_t ended_ns = MonotonicNs();
    latencies_.of[i].Add(ended_ns - begun_ns);
    begun_ns = ended_ns;
    if (IsPermanent(result)) device.permanent[i] = result;
    if (IsLost(result) || IsClosed(result)) return Lose(device, ended_ns, result);
  }
  if (IsDue(due, Tier::kSlow)) {
    worker.started_ns.store(begun_ns, std::memory_order_relaxed);
    ReadProcesses(worker, device, row);
    latencies_.of[CallLatencies::kProcesses].Add(MonotonicNs() - begun_ns);
  }
  // What is enforced may have been lower than what the board can have.
  if (row.status[gpu::power_limit__W] == kOk) NoteBoardPower(device, row.values[gpu::power_limit__W]);
}

void GpuThread::NoteBoardPower(Device& device, double power__W) {
  if (!(power__W > device.board_power__W && power__W <= kAnyBoardPower__W)) return;
  device.board_power__W = power__W;
  store_->SetBoardPower(device.instance, power__W);
}

void GpuThread::ReadProcesses(Worker& worker, Device& device, GpuRow& row) {
  const FollowedProcesses jobs = processes_->Get();
  const std::vector<GpuProcess> processes =
      device.processes.Read(worker.handle->library(), device.handle, jobs, &row.values[gpu::process_num],
                            &row.status[gpu::process_num]);
  if (processes.empty() && row.status[gpu::process_num] != kOk) return;  // nothing was told: they may live on
  const int64_t now_ns = MonotonicNs();
  std::lock_guard<std::mutex> lock(mutex_);
  if (worker.abandoned) return;
  device.processes.Append(processes, jobs, device.identity.index, device.identity.uuid, now_ns, *store_);
}

void GpuThread::Lose(Device& device, int64_t now_ns, Return why) {
  device.lost = true;
  device.lost_by = why;
  device.retry_period_ns = kFirstRetry_ns;
  device.retry_ns = now_ns + device.retry_period_ns;
  store_->Event(now_ns, "device_lost", device.instance,
                IsLost(why) ? "the GPU is lost" : "the driver was unloaded or reloaded");
  AppendStatus(device, now_ns, IsLost(why) ? static_cast<Status>(why) : kGone);
}

void GpuThread::Reacquire(Worker& worker, Device& device, int64_t now_ns) {
  auto* by_bus_id =
      worker.handle->library().Get<nvml::HandleByBusIdFn>(Symbol::kDeviceGetHandleByPciBusId_v2);
  nvml::Device handle = nullptr;
  const Return result = by_bus_id ? by_bus_id(device.identity.pci_bus_id.c_str(), &handle) : nvml::kFunctionNotFound;
  uint32_t probe = 0;
  auto* temperature = worker.handle->library().Get<nvml::U32ArgFn>(Symbol::kDeviceGetTemperature);
  // A handle alone proves nothing: a lost GPU may still have one.
  if (result == nvml::kSuccess && !(temperature && IsLost(temperature(handle, 0, &probe)))) {
    device.handle = handle;
    device.lost = false;
    device.lost_by = nvml::kSuccess;
    std::fill(std::begin(device.permanent), std::end(device.permanent), nvml::kSuccess);
    store_->Event(now_ns, "device_recovered", device.instance, "the GPU answers again");
    return;
  }
  device.retry_period_ns = std::min(device.retry_period_ns * 2, kLastRetry_ns);
  device.retry_ns = now_ns + device.retry_period_ns;
}

void GpuThread::AppendStatus(const Device& device, int64_t now_ns, Status status) {
  GpuRow row;
  for (int column = 0; column < gpu::kColumns; column++) row.Fail(column, status);
  store_->Append(Entity::kGpu, device.instance, now_ns, row);
}

void GpuThread::Watch() {
  while (schedule_.WaitWhileIdle(kWatch_ns)) LookAfter(MonotonicNs());
}

void GpuThread::LookAfter(int64_t now_ns) {
  std::shared_ptr<Worker> worker;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    worker = worker_;
  }
  if (!worker) return;
  const int64_t started_ns = worker->started_ns.load(std::memory_order_relaxed);
  if (started_ns == 0 || now_ns - started_ns < kHang_ns) return;
  if (now_ns - started_ns < kStarved_ns && IsRunnable(worker->thread_id.load(std::memory_order_relaxed))) return;
  const int device = worker->device.load(std::memory_order_relaxed);
  if (device == kNoDevice) {
    SetInfo("stalled", "the driver has not answered nvmlInit_v2 or listing its devices");  // nothing else to serve
  } else {
    Abandon(*worker, device, started_ns, now_ns);
  }
}

void GpuThread::Abandon(Worker& worker, int device_index, int64_t started_ns, int64_t now_ns) {
  std::lock_guard<std::mutex> lock(mutex_);
  const bool still_out = worker.started_ns.load(std::memory_order_relaxed) == started_ns &&
                         worker.device.load(std::memory_order_relaxed) == device_index;
  if (!still_out || worker_.get() != &worker) return;
  // From here on the worker touches only the device that it hangs on: to go on it needs the mutex, and then sees this.
  worker.abandoned = true;
  std::vector<Device> others;
  for (size_t i = 0; i < worker.devices.size(); i++) {
    if (static_cast<int>(i) != device_index) others.push_back(worker.devices[i]);
  }
  const Device& stalled = worker.devices[static_cast<size_t>(device_index)];
  store_->Event(now_ns, "device_stalled", stalled.instance, "a driver call does not return");
  AppendStatus(stalled, now_ns, kStalled);
  schedule_.TakeOver();
  StartWorker(std::move(others), true);
}

}  // namespace nvpulse
