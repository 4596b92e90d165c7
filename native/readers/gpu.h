// Reads one GPU: the catalog's NVML calls, one after another. No state but what is in Gpu; the caller's thread
// blocks for as long as the driver takes.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "generated/nvml_reads.h"
#include "nvml/library.h"
#include "sampler/row_sink.h"

namespace nvpulse {

inline constexpr int kNvmlReadCount = sizeof(kNvmlReads) / sizeof(kNvmlReads[0]);

/// What tells one GPU from others, as NVML says it; '' or null where it does not.
struct GpuIdentity {
  uint32_t index = 0;
  std::string uuid;  ///< Where NVML tells none, its place: the PCI address, else "index N". Never ''.
  std::string name;
  std::string pci_bus_id;
  std::string serial;
  std::string driver_version;

  std::vector<IdentityField> Fields() const;
};

GpuIdentity IdentifyGpu(const nvml::Library& library, nvml::Device device, uint32_t index,
                        const std::string& driver_version);

/// The most that the board may be set to draw, by all that it says of its limits; 0 where it says nothing.
double BoardPower__W(const nvml::Library& library, nvml::Device device);

/// A string that NVML writes into a buffer, such as a name; '' where it does not answer.
std::string SystemString(const nvml::Library& library, Symbol symbol);

using GpuRow = Row<gpu::kColumns>;

/// Makes the call of one row of the table and writes its columns; `values` and `status` are indexed by column.
nvml::Return ReadNvml(const nvml::Library& library, nvml::Device device, int row, double* values, Status* status);

/// Where wanted columns go; the rows of the table that have one of them.
struct GpuPlaces {
  explicit GpuPlaces(const std::vector<int>& columns);
  int of[gpu::kColumns];  ///< kNoColumn where a column is not wanted.
  bool rows[kNvmlReadCount] = {};
};

/// Makes all calls that wanted columns need, and writes these.
void ReadNvml(const nvml::Library& library, nvml::Device device, const GpuPlaces& places, double* values,
              Status* status);

/// An answer that does not change while the driver stays: not worth asking again.
inline bool IsPermanent(nvml::Return result) {
  return result == nvml::kNotSupported || result == nvml::kFunctionNotFound;
}

inline bool IsLost(nvml::Return result) { return result == nvml::kGpuIsLost; }

/// NVML itself is gone: the driver was reloaded, or somebody shut it down.
inline bool IsClosed(nvml::Return result) {
  return result == nvml::kUninitialized || result == nvml::kDriverNotLoaded;
}

}  // namespace nvpulse
