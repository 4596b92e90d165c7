// Samples the host, the followed jobs and nvpulse itself on one thread, so that a stuck driver does not stop them.
// Held by a shared pointer that the thread shares: a disk that hangs leaves the thread behind, not its memory.
#pragma once
#include <atomic>
#include <memory>

#include "readers/host.h"
#include "sampler/gpu_thread.h"
#include "sampler/schedule.h"
#include "sampler/store.h"
#include "sampler/thread.h"

namespace nvpulse {

class HostThread : public std::enable_shared_from_this<HostThread> {
 public:
  /// `gpu` may be null: its ticks are then not among the agent's.
  HostThread(bool host, const Machine& machine, int64_t interval_ns, std::shared_ptr<Store> store,
             std::shared_ptr<SharedProcesses> processes, std::shared_ptr<GpuThread> gpu);

  void Start();
  void Stop(int64_t deadline_ns);
  /// Any thread.
  void SetInterval(int64_t interval_ns);

  Schedule& schedule() { return schedule_; }
  HostReader& reader() { return reader_; }
  /// Any thread: a column of the agent's row from now on; NaN: not known.
  void Note(int column, double value);
  int64_t cpu_ns() const { return cpu_ns_.load(std::memory_order_relaxed); }

 private:
  void Work();
  void ReadAgent();

  const bool host_;
  const std::shared_ptr<Store> store_;
  const std::shared_ptr<SharedProcesses> processes_;
  const std::shared_ptr<GpuThread> gpu_;
  Schedule schedule_;
  HostReader reader_;
  uint32_t agent_ = 0;
  std::atomic<double> notes_[agent::kColumns];
  std::atomic<int64_t> cpu_ns_{0};
  Thread thread_;
};

}  // namespace nvpulse
