// When a sampling thread reads: absolute deadlines on a grid, tiers by time, readings asked for in between, and
// what became of them. Owned by one sampling thread; other threads ask and look through the shared monitor.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "sampler/catalog_types.h"
#include "sampler/histogram.h"
#include "sampler/monitor.h"

namespace nvpulse {

inline constexpr int64_t kMediumPeriod_ns = 100'000'000;
inline constexpr int64_t kSlowPeriod_ns = 1'000'000'000;

/// Told once, by whichever thread it comes about on, with no lock held: whether a reading that was asked for was done.
using Told = std::function<void(bool done)>;

/// Shared between a sampling thread, those who ask it for readings, and the one who stops it.
class Schedule {
 public:
  /// `interval_ns` 0: only readings that are asked for.
  explicit Schedule(int64_t interval_ns) : interval_ns_(interval_ns) {}

  /// Sampling thread: waits for the next reading. False: stop. The first reading on a grid is at once, of all tiers.
  bool Wait(TierMask* due);
  /// Sampling thread: the reading that Wait gave is done.
  void Done();
  /// A thread that takes over from an abandoned one: a reading that was asked for and not done is due again.
  void TakeOver();

  /// Any thread: another grid, which begins with a reading now; the same interval keeps its grid.
  void SetInterval(int64_t interval_ns);

  /// Watchdog: waits for `period_ns`, and on while nothing is being read, since then nothing can hang. False: stop.
  bool WaitWhileIdle(int64_t period_ns);

  /// Any thread: asks for a reading of all tiers now. `told` hears false when the schedule stops, or is asked again
  /// after `deadline_ns`, before it is done.
  void Ask(int64_t deadline_ns, Told told);
  /// Any thread: makes Wait return false from now on.
  void Stop();
  bool Stopped();

  uint64_t ticks() const { return ticks_.load(std::memory_order_relaxed); }
  uint64_t late_ticks() const { return late_ticks_.load(std::memory_order_relaxed); }
  const Histogram& lateness() const { return lateness_; }
  /// The longest lateness since the last call, in ns.
  int64_t TakeMaxLateness() { return max_lateness_ns_.exchange(0, std::memory_order_relaxed); }

 private:
  struct Request {
    uint64_t number;
    int64_t deadline_ns;
    Told told;
  };

  template <class Is>
  std::vector<Request> Take(Is is);
  void BeginGrid();
  TierMask DueAt(int64_t deadline_ns);
  void NoteLateness(int64_t now_ns, int64_t deadline_ns);

  Monitor monitor_;  // of what follows up to the counts
  int64_t interval_ns_;
  bool stopped_ = false;
  bool reading_ = false;  // between Wait and Done
  uint64_t asked_ = 0;
  uint64_t taken_ = 0;  // the newest request that the reading in progress answers
  uint64_t done_ = 0;
  std::vector<Request> waiting_;
  int64_t next_deadline_ns_ = 0;  // 0: the grid has yet to begin
  int64_t last_medium_ns_ = 0;
  int64_t last_slow_ns_ = 0;

  std::atomic<uint64_t> ticks_{0};
  std::atomic<uint64_t> late_ticks_{0};
  std::atomic<int64_t> max_lateness_ns_{0};
  Histogram lateness_;
};

}  // namespace nvpulse
