// The command's process, forked early and held until it may execute the command. Thread: the only one.
// Owner: Supervisor.
//
// Forked before it is needed, so that joining the cgroup (up to 35 ms, see launcher.cc) is over when `go`
// comes, and the command starts at once. Forked from this small process rather than from Node also because
// the kernel counts the memory a process had before it executes towards its peak.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "supervisor/attributes.h"
#include "supervisor/cgroup.h"
#include "supervisor/files.h"
#include "supervisor/signals.h"

namespace nvpulse {

class Launcher {
 public:
  enum class Event : int32_t { kWaiting, kExecuteFailed, kExecuted };
  struct Report {
    Event event;
    int32_t error;  // kWaiting: errno of joining the cgroup, 0 for success; kExecuteFailed: errno of execvp.
  };

  // Forks. Returns 0 or an errno.
  int Fork(char** command, const Attributes& attributes, const Signals& signals, const Cgroup& cgroup);

  pid_t pid() const { return pid_; }
  // Readable when there is a report; -1 after the last.
  int fd() const { return reports_.get(); }

  // Lets the child execute the command.
  void Go();
  // Lets it end without having executed anything.
  void Abandon() { go_.Close(); }

  // What the child has reported since. kExecuted is taken from the pipe's closing on exec.
  std::vector<Report> TakeReports();

 private:
  pid_t pid_ = -1;
  Fd go_;
  Fd reports_;
};

}  // namespace nvpulse
