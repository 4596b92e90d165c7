#include "sampler/gpu_thread.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "nvml/in_driver.h"
#include "nvml/words.h"
#include "sampler/clock.h"
#include "sampler/retry.h"

namespace nvpulse {
namespace {

using nvml::Return;

/// A call that is out for longer hangs; with the watchdog's period that is seen within 250 ms.
constexpr int64_t kHang_ns = 150'000'000;
constexpr int64_t kWatch_ns = 50'000'000;
/// A thread that could run waits for a CPU, not for the driver: it is given longer.
constexpr int64_t kStarved_ns = 2'000'000'000;
constexpr int kNoDevice = -1;
constexpr int kListing = -2;
constexpr int kNone = -1;

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

std::string Unopened(uint32_t index, Return why) {
  return "GPU " + std::to_string(index) + " cannot be opened: " + nvml::InWords(why);
}

const char* StateOf(nvml::Absence::Kind absence) {
  switch (absence) {
    case nvml::Absence::Kind::kNoDriver: return "no_driver";
    case nvml::Absence::Kind::kNoLibrary: return "no_library";
    case nvml::Absence::Kind::kNotNvml: return "not_nvml";
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
  Return permanent[kNvmlReadCount] = {};  ///< The answer that is not likely to change; 0: ask.
  int asked_again = 0;                    ///< The latest of these that was asked all the same.
  GpuProcessReader processes;
  double board_power__W = 0;  ///< The most that it may be set to draw; 0: not known.
  bool lost = false;
  Return lost_by = nvml::kSuccess;
  int64_t retry_ns = 0;

  std::string Name() const {
    return "GPU " + std::to_string(identity.index) + " (" + identity.name + ", " + identity.uuid + ")";
  }
};

/// What the driver said when it was last asked for its devices.
struct GpuThread::Listing {
  Return result = nvml::kSuccess;  ///< Of asking for their number.
  uint32_t count = 0;
  std::map<uint32_t, Return> unopened;  ///< By index: those that could not be opened, and why.
};

/// What a listing brought to light.
struct GpuThread::Found {
  Listing listing;
  std::vector<Device> fresh;
  std::map<std::string, nvml::Device> back;  ///< Lost ones, by key, with new handles.
};

/// What one thread owns: it alone touches it, but for what the comments say.
struct GpuThread::Worker {
  std::unique_ptr<nvml::Handle> handle;
  std::vector<Device> devices;  ///< Their number changes under GpuThread::mutex_.
  Listing listing;              ///< Written under GpuThread::mutex_.
  int64_t retry_ns = 0;         ///< When to open, or to list, again.
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
    StartWorker({}, {});
  }
  auto self = shared_from_this();
  watchdog_.Start("nvpulse-watch", [self] { self->Watch(); });
}

/// Called with mutex_ held.
void GpuThread::StartWorker(std::vector<Device> devices, Listing listing) {
  auto worker = std::make_shared<Worker>();
  worker->listing = std::move(listing);
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
    if (MonotonicNs() >= worker.retry_ns) {
      if (!worker.handle) Open(worker);
      if (worker.handle) List(worker);
      if (!Current(worker)) return;
    }
    if (worker.handle && worker.handle->IsClosed()) Close(worker, nvml::kUninitialized);
    if (worker.handle) ReadAll(worker, due);
    if (!Current(worker)) return;
    if (due != static_cast<TierMask>(Tier::kFast)) cpu_ns_.store(ThreadCpuNs(), std::memory_order_relaxed);
    schedule_.Done();
  }
  worker.handle.reset();  // here, not where the last reference goes: shutting NVML down may take the driver's time
}

/// Where no driver is loaded this costs one look at /proc: a driver that comes is seen within two seconds.
void GpuThread::Open(Worker& worker) {
  const int64_t begun_ns = MonotonicNs();
  worker.device.store(kNoDevice, std::memory_order_relaxed);
  worker.started_ns.store(begun_ns, std::memory_order_relaxed);
  nvml::Absence absence;
  worker.handle = nvml::Handle::Acquire(nvml_path_, &absence);
  if (worker.handle) Describe(worker.handle->library());
  worker.started_ns.store(0, std::memory_order_relaxed);
  const int64_t ended_ns = MonotonicNs();
  latencies_.of[CallLatencies::kOpen].Add(ended_ns - begun_ns);
  if (worker.handle) return;
  worker.retry_ns = RetryAt(begun_ns, ended_ns);
  SetInfo(StateOf(absence.kind), absence.reason);
}

/// Another driver may have come than was there before.
void GpuThread::Describe(const nvml::Library& library) {
  const nvml::InDriver in_driver;
  const std::string driver_version = SystemString(library, Symbol::kSystemGetDriverVersion);
  const std::string nvml_version = SystemString(library, Symbol::kSystemGetNVMLVersion);
  std::lock_guard<std::mutex> lock(mutex_);
  info_.driver_version = driver_version;
  info_.nvml_version = nvml_version;
  info_.library = library.path();
  info_.profile = library.simulator_profile();
}

/// Finds devices that are new, or back, or could not be opened before. Where none can be, it is one call.
void GpuThread::List(Worker& worker) {
  std::unique_ptr<Found> found;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    found = std::move(handed_over_);
    if (!found && (listing_hangs_ || MonotonicNs() < listing_retry_ns_)) {
      worker.retry_ns = listing_hangs_ ? MonotonicNs() + kRetry_ns : listing_retry_ns_;
      return;
    }
  }
  if (!found) found = Ask(worker);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (worker.abandoned) {  // its successor takes what was found, and rests as long
      listing_hangs_ = false;
      if (!worker.handle->IsClosed()) handed_over_ = std::move(found);
      return;
    }
    worker.retry_ns = listing_retry_ns_;
    Take(worker, *found);
  }
  if (IsClosed(worker.listing.result)) return Close(worker, worker.listing.result);
  TellListing(worker);
}

/// Asks the driver for its devices.
std::unique_ptr<GpuThread::Found> GpuThread::Ask(Worker& worker) {
  const nvml::Library& library = worker.handle->library();
  const int64_t begun_ns = MonotonicNs();
  worker.device.store(worker.devices.empty() ? kNoDevice : kListing, std::memory_order_relaxed);
  worker.started_ns.store(begun_ns, std::memory_order_relaxed);
  const nvml::InDriver in_driver;
  auto found = std::make_unique<Found>();
  Listing& listing = found->listing;
  listing = worker.listing;
  listing.result = library.Get<nvml::CountFn>(Symbol::kDeviceGetCount_v2)(&listing.count);
  if (listing.result != nvml::kSuccess) listing.count = 0;
  const bool changed = listing.count != worker.listing.count;
  if (changed) listing.unopened.clear();
  for (uint32_t index = 0; index < listing.count; index++) {
    if (!changed && listing.unopened.count(index) == 0) continue;
    worker.started_ns.store(MonotonicNs(), std::memory_order_relaxed);
    const Return opened = Look(worker, index, *found);
    listing.unopened.erase(index);
    if (opened != nvml::kSuccess) listing.unopened[index] = opened;
  }
  worker.started_ns.store(0, std::memory_order_relaxed);
  std::lock_guard<std::mutex> lock(mutex_);
  listing_retry_ns_ = RetryAt(begun_ns, MonotonicNs());
  return found;
}

/// Whether the device can be opened; then it is one that is known, or among those found.
Return GpuThread::Look(Worker& worker, uint32_t index, Found& found) {
  const nvml::Library& library = worker.handle->library();
  auto* by_index = library.Get<nvml::HandleByIndexFn>(Symbol::kDeviceGetHandleByIndex_v2);
  Device device;
  const Return result = by_index ? by_index(index, &device.handle) : nvml::kFunctionNotFound;
  if (result != nvml::kSuccess) return result;
  device.identity = IdentifyGpu(library, device.handle, index, SystemString(library, Symbol::kSystemGetDriverVersion));
  const std::string key = device.identity.uuid;
  for (const Device& own : worker.devices) {
    if (own.identity.uuid != key) continue;
    if (own.lost) found.back[key] = device.handle;
    return result;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (known_.count(key) != 0) return result;  // it hangs, and is left to the thread that waits for it
  }
  device.board_power__W = BoardPower__W(library, device.handle);
  found.fresh.push_back(std::move(device));
  return result;
}

/// With mutex_ held.
void GpuThread::Take(Worker& worker, Found& found) {
  const int64_t now_ns = MonotonicNs();
  for (const auto& [index, why] : found.listing.unopened) {
    if (worker.listing.unopened.count(index) != 0) continue;
    store_->Event(now_ns, "device_lost", -1, Unopened(index, why));
  }
  for (Device& device : worker.devices) {
    const auto back = found.back.find(device.identity.uuid);
    if (back != found.back.end() && device.lost) Recover(device, back->second);
  }
  for (Device& device : found.fresh) {
    device.instance = store_->AddInstance(Entity::kGpu, device.identity.Fields());
    if (device.board_power__W > 0) store_->SetBoardPower(device.instance, device.board_power__W);
    if (worker.listing.unopened.count(device.identity.index) != 0) {
      store_->Event(now_ns, "device_recovered", device.instance, device.Name() + " can be opened");
    }
    known_.insert(device.identity.uuid);
    worker.devices.push_back(std::move(device));
  }
  worker.listing = std::move(found.listing);
}

void GpuThread::TellListing(const Worker& worker) {
  const Listing& listing = worker.listing;
  std::string reason;
  if (listing.result != nvml::kSuccess) {
    reason = "the driver does not list its GPUs: " + nvml::InWords(listing.result);
  } else if (listing.count == 0) {
    reason = "the driver knows of no GPU";
  } else {
    for (const auto& [index, why] : listing.unopened) reason += (reason.empty() ? "" : "; ") + Unopened(index, why);
  }
  const bool failed = worker.devices.empty() && (listing.result != nvml::kSuccess || !listing.unopened.empty());
  SetInfo(failed ? "failed" : "ok", std::move(reason));
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
  SetInfo("failed", "NVML no longer answers: " + nvml::InWords(why));
  worker.handle->NoteClosed();
  worker.handle.reset();
  worker.retry_ns = now_ns + kRetry_ns;
  std::lock_guard<std::mutex> lock(mutex_);
  worker.listing = {};
  listing_retry_ns_ = 0;
  handed_over_.reset();
}

/// False: the worker was abandoned meanwhile, and must touch nothing but itself.
bool GpuThread::ReadDevice(Worker& worker, Device& device, TierMask due) {
  const int64_t now_ns = MonotonicNs();
  worker.started_ns.store(now_ns, std::memory_order_relaxed);
  GpuRow row;
  {
    const nvml::InDriver in_driver;
    if (device.lost && now_ns >= device.retry_ns) Reacquire(worker, device, now_ns);
    if (!device.lost) ReadCalls(worker, device, due, row);
  }
  worker.started_ns.store(0, std::memory_order_relaxed);

  std::lock_guard<std::mutex> lock(mutex_);
  if (worker.abandoned) {
    store_->Event(MonotonicNs(), "device_recovered", device.instance, device.Name() + ": the call that hung has returned");
    returned_.push_back(std::move(device));
    return false;
  }
  if (!device.lost) store_->Append(Entity::kGpu, device.instance, now_ns, row);
  return true;
}

void GpuThread::ReadCalls(Worker& worker, Device& device, TierMask due, GpuRow& row) {
  const nvml::Library& library = worker.handle->library();
  // "Not supported" may have been so for a moment only: one such answer is asked for again at each slow pass.
  const int again = IsDue(due, Tier::kSlow) ? NextUnsupported(device) : kNone;
  int64_t begun_ns = MonotonicNs();
  for (int i = 0; i < kNvmlReadCount; i++) {
    const NvmlRead& read = kNvmlReads[i];
    if (!IsDue(due, read.tier)) continue;
    if (device.permanent[i] != nvml::kSuccess && i != again) {
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
    device.permanent[i] = IsPermanent(result) ? result : nvml::kSuccess;
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

/// The one after that which was asked again last; kNone where all are supported.
int GpuThread::NextUnsupported(Device& device) {
  for (int i = 0; i < kNvmlReadCount; i++) {
    device.asked_again = (device.asked_again + 1) % kNvmlReadCount;
    if (device.permanent[device.asked_again] != nvml::kSuccess) return device.asked_again;
  }
  return kNone;
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
  device.retry_ns = now_ns + kRetry_ns;
  store_->Event(now_ns, "device_lost", device.instance,
                device.Name() + (IsLost(why) ? " is lost" : ": the driver was unloaded or reloaded"));
  AppendStatus(device, now_ns, IsLost(why) ? static_cast<Status>(why) : kGone);
}

void GpuThread::Reacquire(Worker& worker, Device& device, int64_t now_ns) {
  const nvml::Library& library = worker.handle->library();
  auto* by_bus_id = library.Get<nvml::HandleByBusIdFn>(Symbol::kDeviceGetHandleByPciBusId_v2);
  nvml::Device handle = nullptr;
  const Return result = by_bus_id ? by_bus_id(device.identity.pci_bus_id.c_str(), &handle) : nvml::kFunctionNotFound;
  uint32_t probe = 0;
  auto* temperature = library.Get<nvml::U32ArgFn>(Symbol::kDeviceGetTemperature);
  // A handle alone proves nothing: a lost GPU may still have one, and another may be in its place.
  if (result == nvml::kSuccess && !(temperature && IsLost(temperature(handle, 0, &probe))) &&
      IdentifyGpu(library, handle, device.identity.index, "").uuid == device.identity.uuid) {
    return Recover(device, handle);
  }
  device.retry_ns = RetryAt(now_ns, MonotonicNs());
}

void GpuThread::Recover(Device& device, nvml::Device handle) {
  device.handle = handle;
  device.lost = false;
  device.lost_by = nvml::kSuccess;
  std::fill(std::begin(device.permanent), std::end(device.permanent), nvml::kSuccess);
  store_->Event(MonotonicNs(), "device_recovered", device.instance, device.Name() + " answers again");
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
  if (device == kNoDevice) {  // nothing else to serve
    // What fails slowly, again and again, is known to have failed.
    if (Info().state == std::string("failed")) return;
    SetInfo("stalled", "the driver has not answered nvmlInit_v2 or listing its devices");
  } else if (Abandon(*worker, device, started_ns, now_ns) && device == kListing) {
    SetInfo("ok", "the driver does not answer when it is asked for its GPUs; those that were known are read on");
  }
}

/// False where the call came back meanwhile.
bool GpuThread::Abandon(Worker& worker, int device_index, int64_t started_ns, int64_t now_ns) {
  std::lock_guard<std::mutex> lock(mutex_);
  const bool still_out = worker.started_ns.load(std::memory_order_relaxed) == started_ns &&
                         worker.device.load(std::memory_order_relaxed) == device_index;
  if (!still_out || worker_.get() != &worker) return false;
  // From here on the worker touches only the device that it hangs on: to go on it needs the mutex, and then sees this.
  worker.abandoned = true;
  std::vector<Device> others;
  for (size_t i = 0; i < worker.devices.size(); i++) {
    if (static_cast<int>(i) != device_index) others.push_back(worker.devices[i]);
  }
  if (device_index == kListing) {
    listing_hangs_ = true;
  } else {
    const Device& stalled = worker.devices[static_cast<size_t>(device_index)];
    store_->Event(now_ns, "device_stalled", stalled.instance, stalled.Name() + ": a driver call does not return");
    AppendStatus(stalled, now_ns, kStalled);
  }
  schedule_.TakeOver();
  StartWorker(std::move(others), worker.listing);
  return true;
}

}  // namespace nvpulse
