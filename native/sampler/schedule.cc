#include "sampler/schedule.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sampler/clock.h"

namespace nvpulse {
namespace {

constexpr int64_t kForever_ns = INT64_MAX / 2;

}  // namespace

/// Of the requests that wait, those that are so. With the monitor locked.
template <class Is>
std::vector<Schedule::Request> Schedule::Take(Is is) {
  const auto kept = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Request& r) { return !is(r); });
  std::vector<Request> taken(std::make_move_iterator(kept), std::make_move_iterator(waiting_.end()));
  waiting_.erase(kept, waiting_.end());
  return taken;
}

void Schedule::BeginGrid() {
  const int64_t now_ns = MonotonicNs();
  next_deadline_ns_ = interval_ns_ > 0 ? now_ns + interval_ns_ : kForever_ns;
  last_medium_ns_ = last_slow_ns_ = now_ns;
}

TierMask Schedule::DueAt(int64_t deadline_ns) {
  TierMask due = static_cast<TierMask>(Tier::kFast);
  if (deadline_ns - last_medium_ns_ >= kMediumPeriod_ns) due |= static_cast<TierMask>(Tier::kMedium);
  if (deadline_ns - last_slow_ns_ >= kSlowPeriod_ns) due |= static_cast<TierMask>(Tier::kSlow);
  if (IsDue(due, Tier::kMedium)) last_medium_ns_ = deadline_ns;
  if (IsDue(due, Tier::kSlow)) last_slow_ns_ = deadline_ns;
  return due;
}

void Schedule::NoteLateness(int64_t now_ns, int64_t deadline_ns) {
  const int64_t lateness_ns = now_ns - deadline_ns;
  lateness_.Add(lateness_ns);
  if (lateness_ns > max_lateness_ns_.load(std::memory_order_relaxed)) {
    max_lateness_ns_.store(lateness_ns, std::memory_order_relaxed);
  }
}

bool Schedule::Wait(TierMask* due) {
  MonitorLock lock(monitor_);
  for (;;) {
    if (stopped_) return false;
    const bool begins = next_deadline_ns_ == 0;
    if (begins) BeginGrid();
    if (begins || asked_ > taken_) {
      taken_ = asked_;
      *due = kAllTiers;
      return reading_ = true;
    }
    const int64_t now_ns = MonotonicNs();
    if (now_ns >= next_deadline_ns_) {
      NoteLateness(now_ns, next_deadline_ns_);
      *due = DueAt(next_deadline_ns_);
      // Passes that could not be made are counted, not made up for.
      const int64_t missed = (now_ns - next_deadline_ns_) / interval_ns_;
      late_ticks_.fetch_add(static_cast<uint64_t>(missed), std::memory_order_relaxed);
      next_deadline_ns_ += (missed + 1) * interval_ns_;
      return reading_ = true;
    }
    monitor_.WaitUntil(next_deadline_ns_);
  }
}

void Schedule::Done() {
  ticks_.fetch_add(1, std::memory_order_relaxed);
  std::vector<Request> answered;
  {
    MonitorLock lock(monitor_);
    reading_ = false;
    if (done_ == taken_) return;
    done_ = taken_;
    answered = Take([this](const Request& request) { return request.number <= done_; });
  }
  for (const Request& request : answered) request.told(true);
}

void Schedule::TakeOver() {
  MonitorLock lock(monitor_);
  taken_ = done_;
}

void Schedule::SetInterval(int64_t interval_ns) {
  MonitorLock lock(monitor_);
  if (interval_ns == interval_ns_) return;
  interval_ns_ = interval_ns;
  next_deadline_ns_ = 0;
  monitor_.Notify();
}

// A reading on the grid wakes nobody for this: it is seen one period after its deadline.
bool Schedule::WaitWhileIdle(int64_t period_ns) {
  MonitorLock lock(monitor_);
  const int64_t due_ns = MonotonicNs() + period_ns;
  while (!stopped_) {
    const int64_t now_ns = MonotonicNs();
    if (reading_ && now_ns >= due_ns) return true;
    const bool rests = !reading_ && asked_ == taken_ && next_deadline_ns_ > now_ns;
    monitor_.WaitUntil(rests ? next_deadline_ns_ + period_ns : now_ns + period_ns);
  }
  return false;
}

void Schedule::Ask(int64_t deadline_ns, Told told) {
  std::vector<Request> given_up;
  {
    MonitorLock lock(monitor_);
    const int64_t now_ns = MonotonicNs();
    given_up = Take([now_ns](const Request& request) { return request.deadline_ns <= now_ns; });
    std::vector<Request>& place = stopped_ ? given_up : waiting_;
    place.push_back({++asked_, deadline_ns, std::move(told)});
    monitor_.Notify();
  }
  for (const Request& request : given_up) request.told(false);
}

void Schedule::Stop() {
  std::vector<Request> given_up;
  {
    MonitorLock lock(monitor_);
    stopped_ = true;
    given_up = Take([](const Request&) { return true; });
    monitor_.Notify();
  }
  for (const Request& request : given_up) request.told(false);
}

bool Schedule::Stopped() {
  MonitorLock lock(monitor_);
  return stopped_;
}

}  // namespace nvpulse
