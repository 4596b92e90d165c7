// A sampler: its threads and what they hand over. Owned by the addon (or a native test); its methods are called by
// the owner's thread, and wait for no driver (but for Stop, whose wait is bounded).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sampler/gpu_thread.h"
#include "sampler/host_thread.h"
#include "sampler/store.h"

namespace nvpulse {

struct SamplerOptions {
  int64_t interval_ns = 0;  ///< 0: only readings that are asked for.
  bool host = true;
  bool gpu = true;
  std::string nvml_path;  ///< '' for the system's library.
  Machine machine;
};

struct CallStats {
  std::string name;
  uint64_t count;
  double p50__us;
  double p99__us;
};

struct SamplerStats {
  uint64_t ticks = 0;
  uint64_t late_ticks = 0;
  uint64_t rows_dropped = 0;
  uint64_t implausible_readings = 0;
  double lateness_p50__us = 0;
  double lateness_p99__us = 0;
  double lateness_max__us = 0;
  double cpu_time__s = 0;
  std::vector<CallStats> calls;
};

class Sampler {
 public:
  explicit Sampler(const SamplerOptions& options);
  ~Sampler();

  void Start();
  /// Both threads read now, and then on the new grid. The same interval changes nothing.
  void SetInterval(int64_t interval_ns);
  /// Asks both threads for a reading. `told` hears true once both have it, false where one will not, as that of Schedule.
  void Tick(int64_t timeout_ns, Told told);
  /// As those of HostReader.
  bool Follow(Followed followed);
  void Unfollow(const std::string& id);
  std::vector<FollowedState> Following() const;
  /// As that of HostThread.
  void Note(int column, double value);
  Drained Drain();
  GpuInfo Gpu() const;
  SamplerStats Stats() const;
  /// Waits for a reading that is under way, 200 ms at most; for a driver that hangs already, not at all. Twice is allowed.
  void Stop();

 private:
  std::shared_ptr<Store> store_;
  std::shared_ptr<GpuThread> gpu_;
  std::shared_ptr<HostThread> host_;
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace nvpulse
