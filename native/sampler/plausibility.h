// Which readings are believed. What cannot be is withheld (kImplausible), counted, and told in an event with its raw
// value: the first few of each column, then at each power of ten. The owner (Store) locks.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "generated/catalog.h"
#include "sampler/row_sink.h"

namespace nvpulse {

/// No board draws more: the bound where a GPU does not say what its own may draw.
inline constexpr double kAnyBoardPower__W = 5000;

class Plausibility {
 public:
  /// Of one entity's table.
  explicit Plausibility(Entity entity);

  /// Time that CPUs spent before they went offline is told later: the most that there were bound it.
  void SetCpus(int online) { cpus_ = std::max(cpus_, online); }
  void SetBoardPower(uint32_t instance, double power__W) { subjects_[instance].board_power__W = power__W; }

  void Forget(uint32_t instance);
  /// What is known of `old` is known of `instance`.
  void Move(uint32_t old, uint32_t instance);

  /// Instances that are kept in mind.
  size_t size() const { return subjects_.size(); }

  /// Withholds what cannot be. A counter comes out without what was not believed: a fall that stays is a fall, a jump
  /// that stays is left out. Events go to `sink`. Returns how many readings turned out as implausible.
  int Check(uint32_t instance, int64_t time_ns, double* values, Status* status, RowSink& sink);

 private:
  /// A run of readings that are not believed yet, and agree with each other.
  struct Doubted {
    double first = 0;
    double possible = 0;  ///< The most that it could have been.
    double latest = 0;
    int64_t first_ns = 0;
    int64_t changed_ns = 0;
    int readings = 0;
  };
  struct Counter {
    double raw = kMissing;  ///< The latest that was believed.
    int64_t changed_ns = 0;
    double shift = 0;  ///< From raw values to those handed out.
    Doubted doubted;
  };
  struct Subject {
    double board_power__W = kAnyBoardPower__W;
    std::vector<Counter> counters;  ///< In the order of growths_.
  };

  double MeasureOf(const Plausible& rule, const Subject& subject) const;
  bool CheckGrowth(const Plausible& rule, const Subject& subject, Counter& counter, uint32_t instance, int64_t time_ns,
                   double* value, RowSink& sink);
  void Settle(const Plausible& rule, Counter& counter, uint32_t instance, int64_t time_ns, RowSink& sink);
  void Drop(const Plausible& rule, Counter& counter, uint32_t instance, int64_t time_ns, RowSink& sink);
  void Event(const char* kind, const Plausible& rule, uint32_t instance, int64_t time_ns, std::string text, RowSink& sink);

  std::vector<Plausible> ranges_;
  std::vector<Plausible> growths_;
  int cpus_ = 1;
  int implausible_ = 0;  ///< In the row that is being checked.
  std::unordered_map<uint32_t, Subject> subjects_;  ///< Of the instances that have counters, or a measure of their own.
  std::map<std::tuple<const char*, uint32_t, int>, uint64_t> events_;  ///< How many: by kind, instance and column.
};

}  // namespace nvpulse
