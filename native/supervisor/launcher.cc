// Forks the command's process and releases it.
#include "supervisor/launcher.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <cerrno>

namespace nvpulse {

namespace {

void Tell(int fd, Launcher::Event event, int error) {
  Launcher::Report report{event, error};
  // Far below PIPE_BUF into an empty pipe: whole, and never blocks.
  if (write(fd, &report, sizeof(report)) < 0) _exit(127);
}

// fork() into a cgroup (Linux 5.7). Moving a process that exists took 10 to 35 ms, for the kernel waits until
// no other is forking; this took 0.2 ms. The C library is passed by, which one thread that only executes may
// do.
pid_t ForkInto(int cgroup_directory) {
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
  } arguments{};
  arguments.flags = 0x200000000;  // CLONE_INTO_CGROUP
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<uint64_t>(cgroup_directory);
  constexpr long kClone3 = 435;  // On every architecture.
  return static_cast<pid_t>(syscall(kClone3, &arguments, sizeof(arguments)));
}

// The child's whole life before the command; `to_join` is null when it has nothing to join. Never returns.
[[noreturn]] void RunChild(int go, int reports, char** command, const Attributes& attributes,
                           const Signals& signals, const Cgroup* to_join) {
  Tell(reports, Launcher::Event::kWaiting, to_join != nullptr ? to_join->Join() : 0);
  char byte;
  ssize_t size;
  do {
    size = read(go, &byte, 1);
  } while (size < 0 && errno == EINTR);
  if (size != 1) _exit(0);  // The supervisor has closed its end, or is gone.
  attributes.GiveToThisProcess();
  signals.GiveBack();
  execvp(command[0], command);
  Tell(reports, Launcher::Event::kExecuteFailed, errno);
  _exit(127);
}

}  // namespace

int Launcher::Fork(char** command, const Attributes& attributes, const Signals& signals, const Cgroup& cgroup) {
  int go[2];
  int reports[2];
  if (pipe2(go, O_CLOEXEC) != 0) return errno;
  Fd go_read(go[0]);
  go_ = Fd(go[1]);
  if (pipe2(reports, O_CLOEXEC) != 0) return errno;
  reports_ = Fd(reports[0]);
  Fd reports_write(reports[1]);
  if (cgroup.valid()) pid_ = ForkInto(cgroup.directory());
  const Cgroup* to_join = cgroup.valid() && pid_ < 0 ? &cgroup : nullptr;
  // Also where clone3 failed: older kernels and some containers do not have it.
  if (pid_ < 0) pid_ = fork();
  if (pid_ < 0) return errno;
  if (pid_ == 0) {
    go_.Close();  // Else the end of the supervisor would never be seen.
    RunChild(go_read.get(), reports_write.get(), command, attributes, signals, to_join);
  }
  fcntl(reports_.get(), F_SETFL, O_NONBLOCK);
  return 0;
}

void Launcher::Go() {
  // With EPIPE (the child was killed) SIGPIPE stays blocked; the child's end is reported in its own way.
  ssize_t written = write(go_.get(), "g", 1);
  static_cast<void>(written);
  go_.Close();
}

std::vector<Launcher::Report> Launcher::TakeReports() {
  std::vector<Report> reports;
  while (reports_.valid()) {
    Report report{};
    ssize_t size = read(reports_.get(), &report, sizeof(report));
    if (size == static_cast<ssize_t>(sizeof(report))) {
      reports.push_back(report);
      if (report.event == Event::kExecuteFailed) reports_.Close();
    } else if (size < 0 && errno == EINTR) {
      continue;
    } else if (size < 0 && errno == EAGAIN) {
      break;
    } else {
      reports_.Close();
      reports.push_back({Event::kExecuted, 0});
    }
  }
  return reports;
}

}  // namespace nvpulse
