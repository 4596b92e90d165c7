// Reads the processes of one GPU: the lists of two passes (size, then content) and their shares of the SMs.
// Belongs to the thread that reads the GPU; the caller's thread blocks for as long as the driver takes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "nvml/library.h"
#include "readers/host.h"
#include "readers/roster.h"
#include "sampler/row_sink.h"

namespace nvpulse {

struct GpuProcess {
  uint32_t pid = 0;
  std::string name;  ///< '' where it can't be read.
  double memory__MiB = kMissing;
  Status memory_status = kUnsupported;
  double sm__pct = kMissing;
  Status sm_status = kUnsupported;
};

class GpuProcessReader {
 public:
  /// Compute processes into `process_num` (NVML's count, others' processes too), or why there is none.
  /// Returns the processes of the jobs (all where none is followed); none in a PID namespace other than the machine's
  /// first, where the driver's process ids may be another's.
  std::vector<GpuProcess> Read(const nvml::Library& library, nvml::Device device, const FollowedProcesses& jobs,
                               double* process_num, Status* status);

  /// Appends a row for each process, and for each of the jobs that it belongs to ('' where none is followed). One that
  /// a reading does not have is another when it comes again: numbers are used again. One that is called otherwise than
  /// before has executed another program.
  void Append(const std::vector<GpuProcess>& processes, const FollowedProcesses& jobs, uint32_t gpu_index,
              const std::string& uuid, int64_t time_ns, RowSink& sink);

 private:
  void ReadUtilization(const nvml::Library& library, nvml::Device device, std::vector<GpuProcess>* processes);

  struct Key {
    uint32_t pid;
    std::string job;
    bool operator==(const Key& other) const { return pid == other.pid && job == other.job; }
  };
  struct Named {
    uint32_t instance;
    std::string name;
  };
  Roster<Key, Named> instances_;
  unsigned long long last_seen__us_ = 0;
};

}  // namespace nvpulse
