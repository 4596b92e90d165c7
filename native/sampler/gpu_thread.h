// Samples all GPUs on one thread. A driver call that hangs is seen by a watchdog: the thread is abandoned with the
// device it hangs on (it owns what it touches), and a new one serves the others. Everything is held by shared
// pointers that the threads share, so that an abandoned thread never outlives its memory.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "nvml/library.h"
#include "readers/gpu.h"
#include "readers/gpu_processes.h"
#include "sampler/schedule.h"
#include "sampler/store.h"
#include "sampler/thread.h"

namespace nvpulse {

/// Why there are GPU metrics, or none.
struct GpuInfo {
  const char* state = "waiting";  ///< As GpuState.state in lib/native/addon.ts.
  std::string reason = "the driver has not answered yet";
  std::string driver_version;
  std::string nvml_version;
  std::string library;
  std::string profile;  ///< Of the simulator, else ''.
};

/// The live processes of the followed jobs; written by the host thread, read by the GPU thread.
class SharedProcesses {
 public:
  /// Without an allocation where nothing grew.
  void Set(const FollowedProcesses& processes);
  FollowedProcesses Get() const;

 private:
  mutable std::mutex mutex_;
  FollowedProcesses processes_;
};

/// Latencies of the driver's calls: one histogram a row of kNvmlReads, then init and process lists.
struct CallLatencies {
  static constexpr int kOpen = kNvmlReadCount;
  static constexpr int kProcesses = kNvmlReadCount + 1;
  static constexpr int kCount = kNvmlReadCount + 2;
  Histogram of[kCount];
  static std::string NameOf(int call);
};

class GpuThread : public std::enable_shared_from_this<GpuThread> {
 public:
  GpuThread(std::string nvml_path, int64_t interval_ns, std::shared_ptr<Store> store,
            std::shared_ptr<SharedProcesses> processes);
  ~GpuThread();

  void Start();
  /// Stops the threads by `deadline_ns`; one that hangs in the driver is left behind, at once where that is known.
  void Stop(int64_t deadline_ns);

  Schedule& schedule() { return schedule_; }
  GpuInfo Info() const;
  const CallLatencies& latencies() const { return latencies_; }
  int64_t cpu_ns() const { return cpu_ns_.load(std::memory_order_relaxed); }

 private:
  struct Device;
  struct Listing;
  struct Found;
  struct Worker;

  void StartWorker(std::vector<Device> devices, Listing listing);
  void Work(Worker& worker);
  void Open(Worker& worker);
  void Describe(const nvml::Library& library);
  void List(Worker& worker);
  std::unique_ptr<Found> Ask(Worker& worker);
  nvml::Return Look(Worker& worker, uint32_t index, Found& found);
  void Take(Worker& worker, Found& found);
  void Recover(Device& device, nvml::Device handle);
  void TellListing(const Worker& worker);
  void ReadAll(Worker& worker, TierMask due);
  void Close(Worker& worker, nvml::Return why);
  bool ReadDevice(Worker& worker, Device& device, TierMask due);
  void ReadCalls(Worker& worker, Device& device, TierMask due, GpuRow& row);
  static int NextUnsupported(Device& device);
  void NoteBoardPower(Device& device, double power__W);
  void ReadProcesses(Worker& worker, Device& device, GpuRow& row);
  void Reacquire(Worker& worker, Device& device, int64_t now_ns);
  void Lose(Device& device, int64_t now_ns, nvml::Return why);
  bool Current(const Worker& worker) const;

  void Watch();
  void LookAfter(int64_t now_ns);
  bool Abandon(Worker& worker, int device_index, int64_t started_ns, int64_t now_ns);
  void AppendStatus(const Device& device, int64_t now_ns, Status status);
  void SetInfo(const char* state, std::string reason);

  const std::string nvml_path_;
  const std::shared_ptr<Store> store_;
  const std::shared_ptr<SharedProcesses> processes_;
  Schedule schedule_;
  CallLatencies latencies_;
  std::atomic<int64_t> cpu_ns_{0};

  mutable std::mutex mutex_;  // of what follows; held while rows are appended, never during a driver call
  GpuInfo info_;
  std::shared_ptr<Worker> worker_;
  std::vector<Device> returned_;  // devices whose hanging call came back
  std::set<std::string> known_;   // keys of all devices that ever had rows, those that hang too
  bool listing_hangs_ = false;    // nobody lists devices until that call comes back
  int64_t listing_retry_ns_ = 0;  // when they are listed next, whoever does
  std::unique_ptr<Found> handed_over_;  // what a listing found whose thread was abandoned meanwhile

  Thread watchdog_;
};

}  // namespace nvpulse
