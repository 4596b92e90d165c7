#include "sampler/rates.h"

#include <cmath>
#include <utility>

namespace nvpulse {
namespace {

void Fail(int column, Status why, double* values, Status* status) {
  values[column] = kMissing;
  status[column] = why;
}

}  // namespace

Rates::Rates(Entity entity) {
  for (const Derivation& derivation : kDerivations) {
    if (derivation.entity == entity) derivations_.push_back(derivation);
  }
}

void Rates::Move(uint32_t old, uint32_t instance) {
  const auto found = anchors_.find(old);
  if (found == anchors_.end()) return;
  std::vector<Anchor> anchors = std::move(found->second);
  anchors_.erase(found);
  anchors_[instance] = std::move(anchors);
}

void Rates::Fill(uint32_t instance, int64_t time_ns, double* values, Status* status) {
  if (derivations_.empty()) return;
  std::vector<Anchor>& anchors = anchors_[instance];
  anchors.resize(derivations_.size());
  for (size_t i = 0; i < derivations_.size(); i++) {
    const Derivation& rule = derivations_[i];
    Anchor& anchor = anchors[i];
    if (status[rule.from] != kOk) {
      Fail(rule.column, status[rule.from], values, status);
      continue;
    }
    const double counter = values[rule.from];
    if (std::isnan(anchor.value) || counter < anchor.value) {  // first reading, or the counter was reset
      anchor = {time_ns, counter};
      Fail(rule.column, kNeedsSecondReading, values, status);
      continue;
    }
    const int64_t elapsed_ns = time_ns - anchor.time_ns;
    // A tenth less than the span, so that the jitter of a tick does not put a rate off to the next one.
    if (elapsed_ns <= 0 || elapsed_ns < rule.span_ns - rule.span_ns / 10) {
      Fail(rule.column, kNotDue, values, status);
      continue;
    }
    double rate = (counter - anchor.value) / (static_cast<double>(elapsed_ns) * 1e-9) * rule.scale;
    if (rule.per_core) rate /= cores_;
    if (rule.max != kNoBound && rate > rule.max) rate = rule.max;
    values[rule.column] = rate;
    status[rule.column] = kOk;
    anchor = {time_ns, counter};
  }
}

}  // namespace nvpulse
