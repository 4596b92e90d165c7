// Runs one command as its sub-reaper: waits for every process of its tree, passes signals on once, reports
// usage. Thread: the only one, which waits in poll and nowhere else. Owner: main().
#pragma once

#include <string>
#include <vector>

#include "supervisor/cgroup.h"
#include "supervisor/control.h"
#include "supervisor/descendants.h"
#include "supervisor/forwarding.h"
#include "supervisor/launcher.h"
#include "supervisor/options.h"
#include "supervisor/signals.h"
#include "supervisor/usage.h"

namespace nvpulse {

class Supervisor {
 public:
  explicit Supervisor(const Options& options) : options_(options), control_(options.control_fd) {}

  // Until the command has ended and nvpulse has been told, or has gone. Returns the exit status: 0, or 125
  // when it could not serve.
  int Run();

 private:
  enum class State {
    kPreparing,   // The child has been forked and is joining its cgroup.
    kReady,       // It waits for `go`.
    kReleased,    // It has been told to execute the command.
    kRunning,     // It has done so.
    kCancelled,   // It ends without having executed the command.
    kFinished,    // It has been waited for, and everything has been said.
  };

  bool Prepare();
  bool PrepareCgroup();
  void Wait();
  void TakeSignals();
  void TakeReports();
  void OnWaiting(int join_error);
  void OnExecuted(int error);
  void Reap();
  void OnCommandEnded(int status, const Usage& usage);
  void TakeLines();
  void Release();
  void Cancel();
  void PassOn(int signal);
  void PassOnDue();
  void Finish();
  void ReportEnd(const CpuTime& tree_cpu, const std::vector<Process>& living);
  void Fail(int error, const char* what);

  const Options& options_;
  Control control_;
  Signals signals_;
  Forwarding forwarding_;
  Cgroup cgroup_;
  Launcher launcher_;
  State state_ = State::kPreparing;
  std::string tree_reason_ = "asked for";  // Why no cgroup is used.
  bool go_requested_ = false;
  int64_t started_ns_ = 0;
  bool io_known_ = false;
  DiskIo io_baseline_;
  Usage reaped_;                 // Everything waited for so far.
  bool more_to_reap_ = false;    // A batch was full.
  bool children_left_ = true;    // As of the last wait4.
  bool command_ended_ = false;
  int command_status_ = 0;
  int64_t command_end_ns_ = 0;
  Usage command_usage_;
  int exit_status_ = 0;
};

}  // namespace nvpulse
