#include "sampler/plausibility.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>

namespace nvpulse {
namespace {

/// A fall or a jump stays when so many readings agree, over so long: a driver that is busy may answer 0 for a while.
/// Where readings are seldom, two that are far apart tell as much.
constexpr int kAgreeing = 3;
constexpr int64_t kStays_ns = 100'000'000;
constexpr int kAgreeingFarApart = 2;
constexpr int64_t kFarApart_ns = 1'000'000'000;

bool Stays(int readings, int64_t over_ns) {
  return (readings >= kAgreeing && over_ns >= kStays_ns) || (readings >= kAgreeingFarApart && over_ns >= kFarApart_ns);
}

/// Events about a column of an instance: each of the first, then one at each power of ten.
constexpr uint64_t kToldAll = 3;
constexpr const char* kImplausibleReading = "implausible_reading";
constexpr const char* kReset = "counter_reset";

bool IsTold(uint64_t count) {
  if (count <= kToldAll) return true;
  while (count % 10 == 0) count /= 10;
  return count == 1;
}

std::string Text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

std::string Read(double raw, double least, double most) {
  return " read " + Text(raw) + "; possible is " + Text(least) + " to " + Text(most);
}

void Withhold(int column, double* values, Status* status) {
  values[column] = kMissing;
  status[column] = kImplausible;
}

/// How much a counter can have grown since it changed last.
double Growth(const Plausible& rule, double measure, int64_t since_ns, int64_t time_ns) {
  return rule.max * measure * static_cast<double>(time_ns - since_ns + rule.refresh_ns) * 1e-9;
}

}  // namespace

Plausibility::Plausibility(Entity entity) {
  for (const Plausible& rule : kPlausibles) {
    if (rule.entity == entity) (rule.bound == Bound::kRange ? ranges_ : growths_).push_back(rule);
  }
}

double Plausibility::MeasureOf(const Plausible& rule, const Subject& subject) const {
  switch (rule.of) {
    case Measure::kCpus: return cpus_;
    case Measure::kBoardPower: return subject.board_power__W;
    default: return 1;
  }
}

void Plausibility::Forget(uint32_t instance) {
  subjects_.erase(instance);
  for (auto event = events_.begin(); event != events_.end();) {
    event = std::get<1>(event->first) == instance ? events_.erase(event) : std::next(event);
  }
}

void Plausibility::Move(uint32_t old, uint32_t instance) {
  const auto found = subjects_.find(old);
  if (found != subjects_.end()) {
    Subject subject = std::move(found->second);
    subjects_[instance] = std::move(subject);
  }
  Forget(old);
}

int Plausibility::Check(uint32_t instance, int64_t time_ns, double* values, Status* status, RowSink& sink) {
  if (growths_.empty() && ranges_.empty()) return 0;
  static const Subject kNone;
  Subject* own = growths_.empty() ? nullptr : &subjects_[instance];
  const Subject& subject = own ? *own : kNone;
  implausible_ = 0;
  for (const Plausible& rule : ranges_) {
    if (status[rule.column] != kOk) continue;
    const double raw = values[rule.column];
    const double max = rule.max * MeasureOf(rule, subject);
    if (raw >= rule.min && raw <= max) continue;
    Event(kImplausibleReading, rule, instance, time_ns, Read(raw, rule.min, max), sink);
    Withhold(rule.column, values, status);
    implausible_++;
  }
  if (own) own->counters.resize(growths_.size());
  for (size_t i = 0; i < growths_.size(); i++) {
    const Plausible& rule = growths_[i];
    if (status[rule.column] != kOk) continue;
    if (CheckGrowth(rule, subject, own->counters[i], instance, time_ns, &values[rule.column], sink)) continue;
    Withhold(rule.column, values, status);
  }
  return implausible_;
}

/// False where the reading is not believed. Else `value` is what is handed out.
bool Plausibility::CheckGrowth(const Plausible& rule, const Subject& subject, Counter& counter, uint32_t instance,
                               int64_t time_ns, double* value, RowSink& sink) {
  const double raw = *value;
  const double measure = MeasureOf(rule, subject);
  if (std::isnan(counter.raw) && raw >= 0) {
    counter.raw = raw;
    counter.changed_ns = time_ns;
    return true;
  }
  const double possible = Growth(rule, measure, counter.changed_ns, time_ns);
  const bool wrapped = raw < counter.raw && raw >= 0 && raw + rule.wraps >= counter.raw;
  const double grown = wrapped ? raw + rule.wraps - counter.raw : raw - counter.raw;
  if (grown >= 0 && grown <= possible) {
    if (counter.doubted.readings > 0) Drop(rule, counter, instance, time_ns, sink);
    if (wrapped) counter.shift += rule.wraps;
    if (raw != counter.raw) counter.changed_ns = time_ns;
    counter.raw = raw;
    *value = raw + counter.shift;
    return true;
  }

  Doubted& doubted = counter.doubted;
  const double since = raw - doubted.latest;
  const bool agrees = doubted.readings > 0 && since >= 0 &&
                      since <= Growth(rule, measure, doubted.changed_ns, time_ns);
  if (!agrees) {
    if (doubted.readings > 0) Drop(rule, counter, instance, time_ns, sink);
    doubted = {raw, counter.raw + possible, raw, time_ns, time_ns, 0};
  }
  if (raw != doubted.latest) doubted.changed_ns = time_ns;
  doubted.latest = raw;
  doubted.readings++;
  if (!(raw >= 0) || !Stays(doubted.readings, time_ns - doubted.first_ns)) return false;
  Settle(rule, counter, instance, time_ns, sink);
  *value = raw + counter.shift;
  return true;
}

/// The doubted readings were none of the counter.
void Plausibility::Drop(const Plausible& rule, Counter& counter, uint32_t instance, int64_t time_ns, RowSink& sink) {
  const Doubted dropped = std::exchange(counter.doubted, {});
  implausible_ += dropped.readings;
  Event(kImplausibleReading, rule, instance, time_ns, Read(dropped.first, counter.raw, dropped.possible), sink);
}

/// The counter is where the doubted readings say it is.
void Plausibility::Settle(const Plausible& rule, Counter& counter, uint32_t instance, int64_t time_ns, RowSink& sink) {
  const Doubted& doubted = counter.doubted;
  const double handed_out = counter.raw + counter.shift;
  const std::string from = Text(counter.raw) + " to " + Text(doubted.first);
  if (doubted.first < counter.raw) {
    // Never a growth: after a jump that was left out the new value may be above what was handed out.
    counter.shift = std::min(0.0, handed_out - doubted.latest);
    Event(kReset, rule, instance, time_ns, " began again: from " + from, sink);
  } else {
    counter.shift = handed_out - doubted.first;
    implausible_ += doubted.readings;
    Event(kImplausibleReading, rule, instance, time_ns, " stays where it jumped, from " + from + ": the jump is left out", sink);
  }
  counter.raw = doubted.latest;
  counter.changed_ns = doubted.changed_ns;
  counter.doubted = {};
}

void Plausibility::Event(const char* kind, const Plausible& rule, uint32_t instance, int64_t time_ns, std::string text,
                         RowSink& sink) {
  const uint64_t count = ++events_[{kind, instance, rule.column}];
  if (!IsTold(count)) return;
  if (count > kToldAll) text += " (" + std::to_string(count) + " times so far)";
  sink.Event(time_ns, kind, instance, rule.name + std::move(text));
}

}  // namespace nvpulse
