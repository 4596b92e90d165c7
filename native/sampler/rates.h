// Fills the derived columns of a row (rates of counters) from the reading before. The owner (Store) locks.
#pragma once
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "generated/catalog.h"
#include "sampler/status.h"

namespace nvpulse {

class Rates {
 public:
  /// The derivations of one entity.
  explicit Rates(Entity entity);

  /// What those that are per core are divided by.
  void SetCores(int cores) { cores_ = cores; }

  /// Leaves kNotDue where less than the span has passed: an old rate is never shown as a new one.
  void Fill(uint32_t instance, int64_t time_ns, double* values, Status* status);

  void Forget(uint32_t instance) { anchors_.erase(instance); }
  /// The rates of `old` go on as those of `instance`.
  void Move(uint32_t old, uint32_t instance);

  /// Instances that are kept in mind.
  size_t size() const { return anchors_.size(); }

 private:
  struct Anchor {
    int64_t time_ns = 0;
    double value = kMissing;
  };

  std::vector<Derivation> derivations_;
  int cores_ = 1;
  std::unordered_map<uint32_t, std::vector<Anchor>> anchors_;
};

}  // namespace nvpulse
