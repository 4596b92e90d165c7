// Reads the processes of one GPU: the lists of two passes (size, then content) and their shares of the SMs.
// Belongs to the thread that reads the GPU; the caller's thread blocks for as long as the driver takes.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "nvml/library.h"
#include "readers/host.h"
#include "sampler/row_sink.h"

namespace nvpulse {

struct GpuProcess {
  uint32_t pid = 0;
  double memory__MiB = kMissing;
  Status memory_status = kUnsupported;
  double sm__pct = kMissing;
  Status sm_status = kUnsupported;
};

class GpuProcessReader {
 public:
  /// Compute processes into `process_num` (NVML's count, others' processes too), or why there is none.
  /// Returns the processes of the job (all where none is followed).
  std::vector<GpuProcess> Read(const nvml::Library& library, nvml::Device device, const JobProcesses& job,
                               double* process_num, Status* status);

  /// The instance of a process on this GPU, announced at first sight.
  uint32_t InstanceOf(uint32_t pid, uint32_t gpu_index, const std::string& uuid, RowSink& sink);

 private:
  void ReadUtilization(const nvml::Library& library, nvml::Device device, std::vector<GpuProcess>* processes);

  std::map<uint32_t, uint32_t> instances_;
  unsigned long long last_seen__us_ = 0;
};

}  // namespace nvpulse
