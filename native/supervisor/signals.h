// What the supervisor was given for signals, what it takes for itself, and how the command gets the former
// back. Thread: the only one. Owner: Supervisor.
#pragma once

#include <signal.h>

#include "supervisor/files.h"

namespace nvpulse {

struct ReceivedSignal {
  int number = 0;
  bool from_kernel = false;  // From the terminal, which signals the whole foreground group.
};

class Signals {
 public:
  // Blocks what can be passed on and opens the descriptor that delivers it. Stop and continue keep their
  // default effect (Ctrl-Z stops nvpulse, the supervisor and the command alike), so do faults. False on
  // failure.
  bool Take();

  // In the child: mask and dispositions as nvpulse's supervisor was given them.
  void GiveBack() const;

  int fd() const { return fd_.get(); }

  // The next signal that waits; false when there is none.
  bool Next(ReceivedSignal* signal);

 private:
  sigset_t given_mask_{};
  struct sigaction given_sigchld_{};
  Fd fd_;
};

}  // namespace nvpulse
