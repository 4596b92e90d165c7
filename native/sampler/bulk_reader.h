// One pass over all GPUs on the caller's thread, without histograms or watchdog: for callers who want the driver's
// answers now, and for measuring what a pass costs. Owned by the addon; one thread at a time. The driver decides how long
// opening and reading take. What else waits for it, initialising it anew and shutting it down, is done on threads of its
// own, which own what they touch.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nvml/library.h"
#include "readers/gpu.h"

namespace nvpulse {

class BulkReader {
 public:
  /// Null with `reason` set where there is no NVML. `columns` of the gpu table.
  static std::unique_ptr<BulkReader> Open(const std::string& nvml_path, const std::vector<int>& columns,
                                          std::string* reason);

  /// The GPUs that could be opened at first; they stay these.
  size_t devices() const { return gpus_.size(); }
  size_t columns() const { return columns_; }

  /// Fills `values` and `status`, device-major: devices × columns in the order that Open was given. Where the driver was
  /// reloaded, and of a GPU that is lost, the status says so until they are back: that is looked for each second.
  void Read(double* values, Status* status);

 private:
  struct Gpu {
    std::string uuid;
    nvml::Device device = nullptr;  ///< Null: not there.
    size_t probe = 0;               ///< A column that can be read: while it is, nothing is amiss.
  };

  /// NVML and its GPUs, as they were found on the thread that looked.
  struct Found {
    std::shared_ptr<nvml::Handle> handle;  ///< Null: there is none.
    std::vector<Gpu> gpus;
    nvml::Return why = nvml::kSuccess;
    std::string reason;
    int64_t retry_ns = 0;  ///< When to look again, where something is still amiss.
    std::atomic<bool> done{false};
  };

  BulkReader(std::string nvml_path, const std::vector<int>& columns)
      : nvml_path_(std::move(nvml_path)), places_(columns), columns_(columns.size()) {}

  static void Look(const std::string& nvml_path, Found& found);
  void Doubt(Gpu& gpu, const Status* status);
  void Renew();
  void Leave();
  void LookElsewhere();
  void Take(Found& found);

  const std::string nvml_path_;
  const GpuPlaces places_;  // in a device's part of the output
  const size_t columns_;
  std::shared_ptr<nvml::Handle> handle_;  // null: NVML was closed, and is not back
  std::shared_ptr<nvml::Handle> left_;    // the one that was found closed, until that is noted
  std::vector<Gpu> gpus_;
  nvml::Return closed_by_ = nvml::kSuccess;  // why there is no NVML, as the driver said last
  bool amiss_ = false;                       // NVML or a GPU is to be looked for; true where there is no handle
  int64_t retry_ns_ = 0;
  std::shared_ptr<Found> looking_;  // what a thread looks for
};

}  // namespace nvpulse
