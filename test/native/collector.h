// A RowSink that keeps all it is given, for tests to look at. Not thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sampler/row_sink.h"

namespace nvpulse {

class Collector : public RowSink {
 public:
  struct Instance {
    Entity entity;
    std::vector<IdentityField> identity;
  };
  struct Reported {
    Entity entity;
    uint32_t instance;
    int64_t time_ns;
    std::vector<double> values;
    std::vector<Status> status;
  };

  uint32_t AddInstance(Entity entity, std::vector<IdentityField> identity) override {
    instances.push_back({entity, std::move(identity)});
    return static_cast<uint32_t>(instances.size() - 1);
  }

  void RetireInstance(Entity, uint32_t instance) override { retired.push_back(instance); }

  uint32_t ReplaceInstance(Entity entity, uint32_t old, std::vector<IdentityField> identity) override {
    RetireInstance(entity, old);
    return AddInstance(entity, std::move(identity));
  }

  using RowSink::Append;
  void Append(Entity entity, uint32_t instance, int64_t time_ns, double* values, Status* status) override {
    int columns = kTables[static_cast<int>(entity)].columns;
    rows.push_back({entity, instance, time_ns, {values, values + columns}, {status, status + columns}});
  }

  void SetCpus(int online) override { cpus = online; }
  void SetBoardPower(uint32_t, double) override {}

  void Event(int64_t, const char* kind, int64_t, std::string text) override {
    events.push_back({kind, text});
  }

  /// The rows of an entity since Clear(), in the order of appending.
  std::vector<const Reported*> Of(Entity entity) const {
    std::vector<const Reported*> found;
    for (const Reported& row : rows) {
      if (row.entity == entity) found.push_back(&row);
    }
    return found;
  }

  /// The one row of an entity since Clear(), or nullptr where there is none or more than one.
  const Reported* Only(Entity entity) const {
    std::vector<const Reported*> found = Of(entity);
    return found.size() == 1 ? found[0] : nullptr;
  }

  /// An identity field as text: numbers without decimals, null as "null", "" where there is no such field.
  std::string Identity(uint32_t instance, const std::string& field) const {
    for (const IdentityField& f : instances[instance].identity) {
      if (f.name != field) continue;
      if (const double* number = std::get_if<double>(&f.value))
        return std::to_string(static_cast<int64_t>(*number));
      if (const std::string* text = std::get_if<std::string>(&f.value)) return *text;
      return "null";
    }
    return "";
  }

  /// The row since Clear() of the instance whose identity field is `value`, or nullptr.
  const Reported* Find(Entity entity, const std::string& field, const std::string& value) const {
    for (const Reported& row : rows) {
      if (row.entity == entity && Identity(row.instance, field) == value) return &row;
    }
    return nullptr;
  }

  /// Forgets rows and events; instances stay.
  void Clear() {
    rows.clear();
    events.clear();
  }

  int cpus = 0;
  std::vector<Instance> instances;
  std::vector<uint32_t> retired;
  std::vector<Reported> rows;
  std::vector<std::pair<std::string, std::string>> events;
};

}  // namespace nvpulse
