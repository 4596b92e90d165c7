#include "sampler/store.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace nvpulse {
namespace {

constexpr uint32_t kMinimumRows = 65536;
constexpr int64_t kRetention_ns = 4'000'000'000;
constexpr int64_t kDevices = 64;

/// Only the gpu table has a row per device at every tick; the others are at most ten a second.
uint32_t CapacityOf(Entity entity, int64_t interval_ns) {
  if (entity != Entity::kGpu || interval_ns <= 0) return kMinimumRows;
  const int64_t rows = kRetention_ns / interval_ns * kDevices;
  return static_cast<uint32_t>(std::max<int64_t>(rows, kMinimumRows));
}

}  // namespace

Store::Table::Table(Entity entity, int columns, uint32_t capacity, int cores)
    : ring(columns, capacity), rates(entity, cores) {}

Store::Store(int64_t interval_ns) {
  const int cores = static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  for (int i = 0; i < kEntities; i++) {
    const auto entity = static_cast<Entity>(i);
    tables_[i] = std::make_unique<Table>(entity, kTables[i].columns, CapacityOf(entity, interval_ns), cores);
  }
}

uint32_t Store::AddInstance(Entity entity, std::vector<IdentityField> identity) {
  std::lock_guard<std::mutex> lock(mutex_);
  instances_.push_back({next_instance_, entity, std::move(identity)});
  return next_instance_++;
}

void Store::Append(Entity entity, uint32_t instance, int64_t time_ns, double* values, Status* status) {
  Table& table = *tables_[static_cast<int>(entity)];
  std::lock_guard<std::mutex> lock(table.mutex);
  table.rates.Fill(instance, time_ns, values, status);
  const uint64_t before = table.ring.dropped();
  table.ring.Append(instance, time_ns, values, status);
  if (table.ring.dropped() != before) dropped_.fetch_add(1, std::memory_order_relaxed);
}

void Store::Event(int64_t time_ns, const char* kind, int64_t instance, std::string text) {
  std::lock_guard<std::mutex> lock(mutex_);
  events_.push_back({time_ns, kind, instance, std::move(text)});
}

Drained Store::Drain() {
  Drained out;
  // Rows before instances: a row's instance is announced before the row is appended.
  for (int i = 0; i < kEntities; i++) {
    std::lock_guard<std::mutex> lock(tables_[i]->mutex);
    if (tables_[i]->ring.size() > 0) out.tables[i] = tables_[i]->ring.Drain();
  }
  const uint64_t dropped = RowsDropped();
  out.dropped = dropped - reported_;
  reported_ = dropped;
  std::lock_guard<std::mutex> lock(mutex_);
  out.instances.swap(instances_);
  out.events.swap(events_);
  return out;
}

}  // namespace nvpulse
