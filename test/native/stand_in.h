// A process that stands in for the supervisor in tests: a sub-reaper that runs a script in step with the
// test.
#pragma once
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>

#include "sampler/clock.h"

namespace nvpulse {

/// Exit status of a forked part of a test that cannot be done on this machine.
inline constexpr int kNotChecked = 77;

/// One end of a line between test and script; both sides wait for each other with it, never with a sleep.
class Line {
 public:
  explicit Line(int fd) : fd_(fd) {}
  void Say(double value) const {
    if (write(fd_, &value, sizeof(value)) != sizeof(value)) _exit(98);
  }
  double Hear() const {
    double value = 0;
    if (read(fd_, &value, sizeof(value)) != sizeof(value)) _exit(99);
    return value;
  }

 private:
  int fd_;
};

class StandIn {
 public:
  template <class Script>
  explicit StandIn(Script script)
      : fds_{}, pid_((socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds_), fork())), line_(fds_[0]) {
    if (pid_ == 0) {
      close(fds_[0]);
      setpgid(0, 0);
      prctl(PR_SET_CHILD_SUBREAPER, 1);
      prctl(PR_SET_NAME, "stand-in");
      script(Line(fds_[1]));
      _exit(0);
    }
    close(fds_[1]);
    setpgid(pid_, pid_);
  }
  ~StandIn() { End(); }

  /// Ends it and all that it made.
  void End() {
    if (pid_ <= 0) return;
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(fds_[0]);
    pid_ = 0;
  }

  int pid() const { return pid_; }
  const Line& line() const { return line_; }

 private:
  int fds_[2];
  pid_t pid_;
  Line line_;
};

/// Forks a process that runs `body` under a name of its own.
template <class Body>
pid_t Fork(Body body) {
  pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_NAME, "worker");
  body();
  _exit(0);
}

/// Uses a CPU for so long, mostly in user mode: the clock is a system call.
inline void BurnCpu(int64_t duration_ns) {
  volatile double sum = 0;
  for (int64_t until = ReadClock(CLOCK_THREAD_CPUTIME_ID) + duration_ns;
       ReadClock(CLOCK_THREAD_CPUTIME_ID) < until;) {
    for (int i = 0; i < 100'000; i++) sum = sum + i;
  }
}

/// CPU time of the children that the calling process has waited for.
inline double ChildrenCpu__s() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

}  // namespace nvpulse
