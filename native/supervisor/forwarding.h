// The rule by which a signal reaches the command exactly once, whoever it was sent to. Pure: time is an
// argument. Thread: the only one. Owner: Supervisor.
//
//   sent to                    command has it   we see it     nvpulse tells us   so
//   the terminal (Ctrl-C)      yes              from kernel   yes                never pass on
//   the group, or each member  yes              from a user   yes                hold ours, drop both
//   nvpulse alone              no               no            yes                pass on at once
//   the supervisor alone       no               from a user   no                 hold, then pass on
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nvpulse {

class Forwarding {
 public:
  // The supervisor itself received `signal`. True: pass it on now.
  bool OnReceived(int signal, bool from_kernel, bool nvpulse_gone, int64_t now_ns);

  // nvpulse asks to pass `signal` on. True: do so.
  bool OnRequested(int signal, int64_t now_ns);

  // Held signals whose time is up, or all of them once nvpulse is gone: pass these on.
  std::vector<int> TakeDue(bool nvpulse_gone, int64_t now_ns);

  // When TakeDue should next be asked; -1: not before another event.
  int64_t NextDueNs() const;

 private:
  struct State {
    int64_t received_ns = -1;   // When the supervisor itself last received it; -1: never.
    int64_t forwarded_ns = -1;  // When it was last passed on at nvpulse's request; -1: never.
    int64_t due_ns = -1;        // Until when it is held; -1: it is not.
  };
  std::array<State, 65> states_;  // By signal number; Linux has 1 to 64.
};

}  // namespace nvpulse
