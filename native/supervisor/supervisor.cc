// The supervisor's event loop and what it does at each event.
#include "supervisor/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdlib>
#include <cstring>

#include "supervisor/clock.h"

namespace nvpulse {

namespace {

constexpr int kCannotServe = 125;
// Processes waited for before signals and control lines get their turn again.
constexpr int kReapBatch = 4096;

// Lets go of the command's stdin, stdout and stderr: while the supervisor held them, a reader would not see
// the end of a stream that the command has closed.
void ReleaseStandardStreams() {
  Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null.valid()) {
      dup2(null.get(), stream);
    } else {
      close(stream);
    }
  }
}

}  // namespace

int Supervisor::Run() {
  if (!Prepare()) {
    exit_status_ = kCannotServe;
    command_ended_ = true;
    state_ = State::kFinished;
    control_.EndWriting();  // What was told is sent already, as a rule: nothing would wake the loop.
  }
  while (state_ != State::kFinished || control_.open()) {
    Wait();
    TakeSignals();  // Before the control lines: what nvpulse reports may be what we have received as well.
    TakeReports();
    Reap();
    control_.Flush();
    TakeLines();
    PassOnDue();
    if (command_ended_ && !more_to_reap_ && state_ != State::kFinished) Finish();
    if (state_ == State::kFinished) control_.EndWriting();
  }
  return exit_status_;
}

bool Supervisor::Prepare() {
  if (fcntl(options_.control_fd, F_SETFD, FD_CLOEXEC) != 0) return false;
  Attributes given = Attributes::OfThisProcess();
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return Fail(errno, "cannot become sub-reaper"), false;
  if (!signals_.Take()) return Fail(errno, "cannot take signals"), false;
  if (!PrepareCgroup()) return false;
  io_known_ = ReadDiskIo("self", &io_baseline_);
  int error = launcher_.Fork(options_.command, given, signals_, cgroup_);
  if (error != 0) return cgroup_.Remove(), Fail(error, "cannot fork"), false;
  ReleaseStandardStreams();
  return true;
}

bool Supervisor::PrepareCgroup() {
  if (!options_.cgroup_path.empty()) {
    int error = cgroup_.Use(options_.cgroup_path);
    if (error != 0) Fail(error, "the given cgroup cannot be used");
    return error == 0;
  }
  if (options_.make_cgroup) cgroup_.Make(&tree_reason_);
  return true;
}

void Supervisor::Wait() {
  pollfd events[] = {
      {signals_.fd(), POLLIN, 0},
      {launcher_.fd(), POLLIN, 0},
      {control_.fd(), static_cast<short>(POLLIN | (control_.has_unsent() ? POLLOUT : 0)), 0},
  };
  int timeout_ms = -1;
  int64_t due_ns = forwarding_.NextDueNs();
  if (due_ns >= 0) {
    int64_t left_ns = std::max<int64_t>(0, due_ns - MonotonicNs());
    timeout_ms = static_cast<int>(left_ns / 1000000) + 1;
  }
  poll(events, 3, more_to_reap_ ? 0 : timeout_ms);
}

void Supervisor::TakeSignals() {
  ReceivedSignal signal;
  while (signals_.Next(&signal)) {
    if (signal.number == SIGCHLD) continue;  // Reap asks the kernel in any case.
    if (forwarding_.OnReceived(signal.number, signal.from_kernel, !control_.open(), MonotonicNs())) {
      PassOn(signal.number);
    }
  }
}

void Supervisor::TakeReports() {
  for (const Launcher::Report& report : launcher_.TakeReports()) {
    switch (report.event) {
      case Launcher::Event::kWaiting:
        OnWaiting(report.error);
        break;
      case Launcher::Event::kExecuteFailed:
      case Launcher::Event::kExecuted:
        OnExecuted(report.error);
        break;
    }
  }
}

void Supervisor::OnWaiting(int join_error) {
  if (join_error != 0 && !options_.cgroup_path.empty()) {
    Cancel();
    return Fail(join_error, "the given cgroup cannot be joined");
  }
  if (join_error != 0) {
    tree_reason_ = "the cgroup made could not be joined: " + std::string(std::strerror(join_error));
    cgroup_.Remove();
  } else if (cgroup_.valid() && !cgroup_.alone()) {
    // The command stays in the group it was given; only its figures cannot be taken from there.
    tree_reason_ = "the given cgroup holds other processes";
    cgroup_.Remove();
  }
  if (cgroup_.valid()) {
    control_.Send("cgroup %s", cgroup_.path().c_str());
  } else {
    control_.Send("tree %s", tree_reason_.c_str());
  }
  control_.Send("ready %d", getpid());
  if (state_ == State::kPreparing) state_ = State::kReady;
  if (go_requested_) Release();
}

// Also told when the child ends in any other way, since that closes its end of the pipe.
void Supervisor::OnExecuted(int error) {
  if (state_ != State::kReleased) return;
  if (error != 0) {
    control_.Send("exec %d", error);
    state_ = State::kCancelled;
    return;
  }
  control_.Send("started %d %" PRId64, launcher_.pid(), started_ns_);
  state_ = State::kRunning;
}

void Supervisor::Reap() {
  for (int count = 0; count < kReapBatch; ++count) {
    int status = 0;
    rusage raw{};
    pid_t pid = wait4(-1, &status, WNOHANG | __WALL, &raw);
    if (pid <= 0) {
      more_to_reap_ = false;
      children_left_ = pid == 0;
      return;
    }
    if (state_ == State::kFinished) continue;  // It was living when the end was reported.
    // Holds what the process itself has waited for too: a sum over what we wait for counts everything once.
    Usage usage = FromRusage(raw);
    reaped_ += usage;
    bool is_command = pid == launcher_.pid();
    if (is_command) TakeReports();  // All are there by now, and say whether it ever was the command.
    control_.SendReaped(pid, is_command ? getpid() : 0, usage);
    if (is_command) OnCommandEnded(status, usage);
  }
  more_to_reap_ = true;
}

void Supervisor::OnCommandEnded(int status, const Usage& usage) {
  command_ended_ = true;
  command_status_ = status;
  command_usage_ = usage;
  command_end_ns_ = MonotonicNs();
}

void Supervisor::TakeLines() {
  for (const std::string& line : control_.Receive()) {
    if (line == "go") {
      go_requested_ = true;
      if (state_ == State::kReady) Release();
    } else if (line.compare(0, 7, "signal ") == 0) {
      int signal = std::atoi(line.c_str() + 7);
      bool known = signal >= 1 && signal <= 64;
      if (known && forwarding_.OnRequested(signal, MonotonicNs())) PassOn(signal);
    }
  }
  bool released = state_ != State::kPreparing && state_ != State::kReady;
  if (!control_.open() && !released) Cancel();
}

void Supervisor::Release() {
  state_ = State::kReleased;
  started_ns_ = MonotonicNs();
  launcher_.Go();
}

void Supervisor::Cancel() {
  state_ = State::kCancelled;
  launcher_.Abandon();
}

void Supervisor::PassOn(int signal) {
  // Once waited for, the number may belong to another process.
  if (command_ended_ || kill(launcher_.pid(), signal) != 0) return;
  control_.Send("signal %d forwarded", signal);
}

void Supervisor::PassOnDue() {
  for (int signal : forwarding_.TakeDue(!control_.open(), MonotonicNs())) PassOn(signal);
}

void Supervisor::Finish() {
  if (state_ != State::kCancelled) {
    std::vector<Process> living;
    if (children_left_) living = Descendants(getpid());
    CpuTime tree_cpu = reaped_.cpu;
    for (const Process& process : living) tree_cpu += process.cpu;
    // Both count from below. wait4 misses the children of those who ignore SIGCHLD, whom the kernel reaps
    // unseen; the cgroup misses whoever has been moved out of it. So the greater is the nearer.
    CpuTime cgroup_cpu;
    if (cgroup_.valid() && cgroup_.ReadCpu(&cgroup_cpu) && cgroup_cpu.total_us() > tree_cpu.total_us()) {
      tree_cpu = cgroup_cpu;
    }
    ReportEnd(tree_cpu, living);
  }
  cgroup_.Remove();
  state_ = State::kFinished;
}

void Supervisor::ReportEnd(const CpuTime& tree_cpu, const std::vector<Process>& living) {
  // A process's I/O goes to whoever waits for it, so our own counters hold that of all the dead. (The
  // cgroup's io.stat is another quantity: requests to each layer of block device, when written back.)
  DiskIo io;
  bool io_known = io_known_ && ReadDiskIo("self", &io);
  io.read_bytes -= io_baseline_.read_bytes;
  io.write_bytes -= io_baseline_.write_bytes;
  for (const Process& process : living) {
    DiskIo so_far;
    if (ReadDiskIo(std::to_string(process.pid), &so_far)) io += so_far;
    if (!process.zombie) control_.Send("left %d %s", process.pid, process.name.c_str());
  }
  bool exited = WIFEXITED(command_status_);
  std::string code = exited ? std::to_string(WEXITSTATUS(command_status_)) : "-";
  std::string signal = exited ? "-" : std::to_string(WTERMSIG(command_status_));
  std::string read = io_known ? std::to_string(io.read_bytes) : "-";
  std::string written = io_known ? std::to_string(io.write_bytes) : "-";
  control_.Send("exit %s %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s %s",
                code.c_str(), signal.c_str(), command_end_ns_, command_usage_.cpu.user_us,
                command_usage_.cpu.system_us, command_usage_.maxrss_kib, tree_cpu.user_us, tree_cpu.system_us,
                read.c_str(), written.c_str());
}

void Supervisor::Fail(int error, const char* what) {
  exit_status_ = kCannotServe;
  control_.Send("error %d %s: %s", error, what, std::strerror(error));
}

}  // namespace nvpulse
