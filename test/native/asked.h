// A reading that was asked for, and waited for: what a test does in the place of JavaScript.
#pragma once
#include <memory>
#include <utility>

#include "sampler/monitor.h"
#include "sampler/sampler.h"

namespace nvpulse {

class Asked {
 public:
  explicit Asked(Sampler& sampler, int64_t timeout_ns = 10'000'000'000) {
    sampler.Tick(timeout_ns, [state = state_](bool done) {
      MonitorLock lock(state->monitor);
      state->told++;
      state->done = done;
      state->monitor.Notify();
    });
  }

  /// Whether both threads did it; false too where nobody has told within ten seconds.
  bool Done() {
    const int64_t deadline_ns = MonotonicNs() + 10'000'000'000;
    MonitorLock lock(state_->monitor);
    while (state_->told == 0 && MonotonicNs() < deadline_ns) state_->monitor.WaitUntil(deadline_ns);
    return state_->done;
  }

  /// How often it was told.
  int told() const {
    MonitorLock lock(state_->monitor);
    return state_->told;
  }

 private:
  struct State {
    Monitor monitor;
    int told = 0;
    bool done = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace nvpulse
