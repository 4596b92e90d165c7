// A table's rows between a sampling thread and the drain: columns of fixed size, allocated at the first row.
// Full means that the oldest row is overwritten and counted. A drain empties it and starts again at its beginning,
// so that only as much memory is touched as was ever waiting. The owner (Store) locks.
#pragma once
#include <cstdint>
#include <memory>

#include "sampler/status.h"

namespace nvpulse {

/// Rows taken out of a ring: `values` and `status` column-major.
struct DrainedTable {
  uint32_t rows = 0;
  std::unique_ptr<int64_t[]> time;
  std::unique_ptr<uint32_t[]> instance;
  std::unique_ptr<double[]> values;
  std::unique_ptr<Status[]> status;
};

class Ring {
 public:
  Ring(int columns, uint32_t capacity) : columns_(columns), capacity_(capacity) {}

  void Append(uint32_t instance, int64_t time_ns, const double* values, const Status* status);
  DrainedTable Drain();

  uint32_t size() const { return size_; }
  /// Rows overwritten so far.
  uint64_t dropped() const { return dropped_; }

 private:
  void Allocate();

  const int columns_;
  const uint32_t capacity_;
  uint32_t first_ = 0;
  uint32_t size_ = 0;
  uint64_t dropped_ = 0;
  DrainedTable storage_;
};

}  // namespace nvpulse
