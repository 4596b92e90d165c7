// Everything that the sampling threads hand over: a ring per table, the instances and the events.
// Shared by the sampling threads (also abandoned ones) and the drain; locks inside.
#pragma once
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sampler/plausibility.h"
#include "sampler/rates.h"
#include "sampler/ring.h"
#include "sampler/row_sink.h"

namespace nvpulse {

struct NewInstance {
  uint32_t id;
  Entity entity;
  std::vector<IdentityField> identity;
};

struct StoredEvent {
  int64_t time_ns;
  const char* kind;
  int64_t instance;
  std::string text;
};

struct Drained {
  std::array<DrainedTable, kEntities> tables;
  std::vector<NewInstance> instances;
  std::vector<uint32_t> retired;  ///< No row after these is about them.
  std::vector<StoredEvent> events;
  uint64_t dropped = 0;  ///< Rows overwritten since the drain before.
};

class Store : public RowSink {
 public:
  using RowSink::Append;

  Store();

  uint32_t AddInstance(Entity entity, std::vector<IdentityField> identity) override;
  void RetireInstance(Entity entity, uint32_t instance) override;
  uint32_t ReplaceInstance(Entity entity, uint32_t old, std::vector<IdentityField> identity) override;
  void Append(Entity entity, uint32_t instance, int64_t time_ns, double* values, Status* status) override;
  void SetCpus(int online) override;
  void SetBoardPower(uint32_t instance, double power__W) override;
  void Event(int64_t time_ns, const char* kind, int64_t instance, std::string text) override;

  Drained Drain();
  /// Instances of an entity that something is kept of.
  size_t InstancesKept(Entity entity) const;
  uint64_t RowsDropped() const { return dropped_.load(std::memory_order_relaxed); }
  /// Readings that were not believed.
  uint64_t Implausible() const { return implausible_.load(std::memory_order_relaxed); }

 private:
  struct Table {
    Table(Entity entity, int columns, uint32_t capacity);
    std::mutex mutex;  // events are told with it held: mutex_ is taken after it, never before
    Ring ring;
    Plausibility plausibility;
    Rates rates;
  };

  std::array<std::unique_ptr<Table>, kEntities> tables_;
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> implausible_{0};
  uint64_t reported_ = 0;  // drain's thread only

  std::mutex mutex_;  // of what follows
  uint32_t next_instance_ = 1;
  std::vector<NewInstance> instances_;
  std::vector<uint32_t> retired_;
  std::vector<StoredEvent> events_;
};

}  // namespace nvpulse
