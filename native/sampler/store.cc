#include "sampler/store.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace nvpulse {
namespace {

/// Room for 64 devices: four seconds of the finest ticks. It is address space until rows wait in it, so that an
/// interval which is changed needs no other ring.
constexpr uint32_t kGpuRows = 4000 * 64;
constexpr uint32_t kRows = 65536;

/// Only the gpu table has a row per device at every tick; the others are at most ten a second.
uint32_t CapacityOf(Entity entity) { return entity == Entity::kGpu ? kGpuRows : kRows; }

}  // namespace

Store::Table::Table(Entity entity, int columns, uint32_t capacity)
    : ring(columns, capacity), plausibility(entity), rates(entity) {}

Store::Store() {
  for (int i = 0; i < kEntities; i++) {
    const auto entity = static_cast<Entity>(i);
    tables_[i] = std::make_unique<Table>(entity, kTables[i].columns, CapacityOf(entity));
  }
  SetCpus(static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN))));
}

void Store::SetCpus(int online) {
  for (const std::unique_ptr<Table>& table : tables_) {
    std::lock_guard<std::mutex> lock(table->mutex);
    table->plausibility.SetCpus(online);
    table->rates.SetCores(online);
  }
}

void Store::SetBoardPower(uint32_t instance, double power__W) {
  Table& table = *tables_[static_cast<int>(Entity::kGpu)];
  std::lock_guard<std::mutex> lock(table.mutex);
  table.plausibility.SetBoardPower(instance, power__W);
}

uint32_t Store::AddInstance(Entity entity, std::vector<IdentityField> identity) {
  std::lock_guard<std::mutex> lock(mutex_);
  instances_.push_back({next_instance_, entity, std::move(identity)});
  return next_instance_++;
}

void Store::RetireInstance(Entity entity, uint32_t instance) {
  {
    Table& table = *tables_[static_cast<int>(entity)];
    std::lock_guard<std::mutex> lock(table.mutex);
    table.plausibility.Forget(instance);
    table.rates.Forget(instance);
  }
  std::lock_guard<std::mutex> lock(mutex_);
  retired_.push_back(instance);
}

uint32_t Store::ReplaceInstance(Entity entity, uint32_t old, std::vector<IdentityField> identity) {
  const uint32_t instance = AddInstance(entity, std::move(identity));
  {
    Table& table = *tables_[static_cast<int>(entity)];
    std::lock_guard<std::mutex> lock(table.mutex);
    table.plausibility.Move(old, instance);
    table.rates.Move(old, instance);
  }
  RetireInstance(entity, old);
  return instance;
}

size_t Store::InstancesKept(Entity entity) const {
  Table& table = *tables_[static_cast<int>(entity)];
  std::lock_guard<std::mutex> lock(table.mutex);
  return std::max(table.plausibility.size(), table.rates.size());
}

void Store::Append(Entity entity, uint32_t instance, int64_t time_ns, double* values, Status* status) {
  Table& table = *tables_[static_cast<int>(entity)];
  std::lock_guard<std::mutex> lock(table.mutex);
  if (const int withheld = table.plausibility.Check(instance, time_ns, values, status, *this)) {
    implausible_.fetch_add(static_cast<uint64_t>(withheld), std::memory_order_relaxed);
  }
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
  {
    // Who is retired before any row is taken out has no row left behind.
    std::lock_guard<std::mutex> lock(mutex_);
    out.retired.swap(retired_);
  }
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
