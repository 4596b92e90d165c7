// One pass over all GPUs on the caller's thread, without histograms or watchdog: for callers who want the driver's
// answers now, and for measuring what a pass costs. Owned by the addon; one thread at a time. The driver decides how long
// opening, reading and destroying it take.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "nvml/library.h"
#include "readers/gpu.h"

namespace nvpulse {

class BulkReader {
 public:
  /// Null with `reason` set where there is no NVML. `columns` of the gpu table.
  static std::unique_ptr<BulkReader> Open(const std::string& nvml_path, const std::vector<int>& columns,
                                          std::string* reason);

  size_t devices() const { return devices_.size(); }
  size_t columns() const { return columns_; }

  /// Fills `values` and `status`, device-major: devices × columns in the order that Open was given.
  void Read(double* values, Status* status);

 private:
  explicit BulkReader(const std::vector<int>& columns) : places_(columns), columns_(columns.size()) {}

  std::unique_ptr<nvml::Handle> handle_;
  std::vector<nvml::Device> devices_;
  const GpuPlaces places_;  // in a device's part of the output
  const size_t columns_;
};

}  // namespace nvpulse
