// A row of the generated table of NVML reads: one call, and the gpu columns that it fills.
#pragma once
#include <cstdint>

#include "nvml/symbols.h"
#include "sampler/catalog_types.h"

namespace nvpulse {

struct NvmlRead {
  Symbol symbol;
  Shape shape;
  uint32_t arg;
  Tier tier;
  double scale;
  int columns[3];  ///< kNoColumn where unused; for memory: used, free, total.
};

}  // namespace nvpulse
