// Where readers put what they read, and where they announce what they read about.
// The sampling threads call it; implementations lock inside.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "generated/catalog.h"
#include "sampler/status.h"

namespace nvpulse {

/// One identity field; monostate is null.
struct IdentityField {
  const char* name;
  std::variant<std::monostate, double, std::string> value;
};

/// One row under construction: every column starts as missing, not due. `Columns` of the table's enum.
template <int Columns>
struct Row {
  double values[Columns];
  Status status[Columns];
  Row() {
    for (int i = 0; i < Columns; i++) Fail(i, kNotDue);
  }
  void Set(int column, double value) {
    values[column] = value;
    status[column] = kOk;
  }
  void Fail(int column, Status why) {
    values[column] = kMissing;
    status[column] = why;
  }
};

class RowSink {
 public:
  virtual ~RowSink() = default;

  /// A new instance of an entity; returns its id, unique within the sampler.
  virtual uint32_t AddInstance(Entity entity, std::vector<IdentityField> identity) = 0;

  /// No row will be about it any more.
  virtual void RetireInstance(Entity entity, uint32_t instance) = 0;

  /// The same thing under another identity, such as a process that has executed another program: a new instance, whose
  /// rates go on from the old one's. The old one is retired.
  virtual uint32_t ReplaceInstance(Entity entity, uint32_t old, std::vector<IdentityField> identity) = 0;

  /// A row about an instance, read at `time_ns` (MonotonicNs). `values` and `status` have the table's columns.
  /// Derived columns are filled in by the sink: readers leave them as they are.
  virtual void Append(Entity entity, uint32_t instance, int64_t time_ns, double* values, Status* status) = 0;

  /// How many CPUs are online; shares and bounds that are per CPU count with as many from now on.
  virtual void SetCpus(int online) = 0;

  /// The most that a GPU's board may be set to draw; what can be believed of its power and energy goes by it.
  virtual void SetBoardPower(uint32_t instance, double power__W) = 0;

  /// Something to tell beside the values; `instance` −1 where it is about none.
  virtual void Event(int64_t time_ns, const char* kind, int64_t instance, std::string text) = 0;

  template <int Columns>
  void Append(Entity entity, uint32_t instance, int64_t time_ns, Row<Columns>& row) {
    Append(entity, instance, time_ns, row.values, row.status);
  }
};

}  // namespace nvpulse
