// Decides which signals are passed on to the command.
#include "supervisor/forwarding.h"

namespace nvpulse {

namespace {

// How long a signal that the supervisor received waits for nvpulse to report the same. Long enough for an
// event loop busy with something else: too short would deliver a group's signal twice, and a second SIGTERM
// or SIGINT makes many programs give up their clean-up. Too long delays only a kill of the supervisor alone.
constexpr int64_t kHoldNs = 200 * 1000000;
// How long after a signal to the group nvpulse's report of it may come.
constexpr int64_t kSameSignalNs = 1000 * 1000000LL;

bool Within(int64_t then_ns, int64_t now_ns, int64_t limit_ns) {
  return then_ns >= 0 && now_ns - then_ns < limit_ns;
}

}  // namespace

bool Forwarding::OnReceived(int signal, bool from_kernel, bool nvpulse_gone, int64_t now_ns) {
  State& state = states_[static_cast<std::size_t>(signal)];
  state.received_ns = now_ns;
  if (from_kernel) return false;
  if (nvpulse_gone) return true;
  bool reported_already = Within(state.forwarded_ns, now_ns, kHoldNs);
  if (!reported_already && state.due_ns < 0) state.due_ns = now_ns + kHoldNs;
  return false;
}

bool Forwarding::OnRequested(int signal, int64_t now_ns) {
  State& state = states_[static_cast<std::size_t>(signal)];
  state.due_ns = -1;
  if (Within(state.received_ns, now_ns, kSameSignalNs)) return false;
  state.forwarded_ns = now_ns;
  return true;
}

std::vector<int> Forwarding::TakeDue(bool nvpulse_gone, int64_t now_ns) {
  std::vector<int> due;
  for (std::size_t signal = 1; signal < states_.size(); ++signal) {
    int64_t& due_ns = states_[signal].due_ns;
    if (due_ns < 0 || (due_ns > now_ns && !nvpulse_gone)) continue;
    due_ns = -1;
    due.push_back(static_cast<int>(signal));
  }
  return due;
}

int64_t Forwarding::NextDueNs() const {
  int64_t next_ns = -1;
  for (const State& state : states_) {
    if (state.due_ns >= 0 && (next_ns < 0 || state.due_ns < next_ns)) next_ns = state.due_ns;
  }
  return next_ns;
}

}  // namespace nvpulse
