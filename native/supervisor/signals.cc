// Takes signals through a signalfd, and restores them for the command.
#include "supervisor/signals.h"

#include <sys/signalfd.h>

namespace nvpulse {

bool Signals::Take() {
  sigset_t taken;
  sigfillset(&taken);
  for (int terminal : {SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU, SIGWINCH}) sigdelset(&taken, terminal);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) sigdelset(&taken, fault);
  // A parent that ignores SIGCHLD would hand that down, and the kernel would then reap our children unseen.
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  if (sigaction(SIGCHLD, &by_default, &given_sigchld_) != 0) return false;
  // A blocked signal is queued even where it is ignored, so what `nohup` or `&` had ignored stays so for the
  // command without being hidden from us.
  if (sigprocmask(SIG_BLOCK, &taken, &given_mask_) != 0) return false;
  fd_ = Fd(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
  return fd_.valid();
}

void Signals::GiveBack() const {
  sigaction(SIGCHLD, &given_sigchld_, nullptr);
  sigprocmask(SIG_SETMASK, &given_mask_, nullptr);
}

bool Signals::Next(ReceivedSignal* signal) {
  signalfd_siginfo info{};
  if (read(fd_.get(), &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info))) return false;
  signal->number = static_cast<int>(info.ssi_signo);
  signal->from_kernel = info.ssi_code == SI_KERNEL;
  return true;
}

}  // namespace nvpulse
