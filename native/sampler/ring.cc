#include "sampler/ring.h"

#include <cstring>

namespace nvpulse {
namespace {

/// Uninitialised on purpose: untouched pages cost no memory.
DrainedTable Columns(int columns, uint32_t rows) {
  DrainedTable table;
  table.rows = rows;
  table.time.reset(new int64_t[rows]);
  table.instance.reset(new uint32_t[rows]);
  table.values.reset(new double[static_cast<size_t>(rows) * columns]);
  table.status.reset(new Status[static_cast<size_t>(rows) * columns]);
  return table;
}

/// Copies `size` elements of a circular column that begin at `first`.
template <typename T>
void Unroll(T* to, const T* column, uint32_t first, uint32_t size, uint32_t capacity) {
  const uint32_t head = size < capacity - first ? size : capacity - first;
  std::memcpy(to, column + first, head * sizeof(T));
  std::memcpy(to + head, column, (size - head) * sizeof(T));
}

}  // namespace

void Ring::Allocate() { storage_ = Columns(columns_, capacity_); }

void Ring::Append(uint32_t instance, int64_t time_ns, const double* values, const Status* status) {
  if (!storage_.time) Allocate();
  if (size_ == capacity_) {
    first_ = first_ + 1 == capacity_ ? 0 : first_ + 1;
    size_--;
    dropped_++;
  }
  uint32_t at = first_ + size_;
  if (at >= capacity_) at -= capacity_;
  storage_.time[at] = time_ns;
  storage_.instance[at] = instance;
  for (int column = 0; column < columns_; column++) {
    const size_t cell = static_cast<size_t>(column) * capacity_ + at;
    storage_.values[cell] = values[column];
    storage_.status[cell] = status[column];
  }
  size_++;
}

DrainedTable Ring::Drain() {
  DrainedTable out = Columns(columns_, size_);
  if (size_ > 0) {
    Unroll(out.time.get(), storage_.time.get(), first_, size_, capacity_);
    Unroll(out.instance.get(), storage_.instance.get(), first_, size_, capacity_);
    for (int column = 0; column < columns_; column++) {
      const size_t from = static_cast<size_t>(column) * capacity_;
      const size_t to = static_cast<size_t>(column) * size_;
      Unroll(out.values.get() + to, storage_.values.get() + from, first_, size_, capacity_);
      Unroll(out.status.get() + to, storage_.status.get() + from, first_, size_, capacity_);
    }
  }
  first_ = 0;
  size_ = 0;
  return out;
}

}  // namespace nvpulse
