// The line to nvpulse: text lines both ways over one UNIX stream socket, never blocking, with bounded memory.
// Thread: the only one. Owner: Supervisor.
//
// To nvpulse, in this order (times: CLOCK_MONOTONIC ns; CPU: µs; sizes: bytes, maxrss KiB):
//   cgroup <path> | tree <reason>      how the tree is tracked
//   ready <supervisor pid>             waiting for `go`
//   error <errno> <text>               instead of ready: cannot serve; the supervisor ends
//   started <pid> <time>               the command has been executed; the time is just before that
//   exec <errno>                       instead of started: it could not be executed; the supervisor ends
//   reaped <pid> <ppid|0> <user> <system> <maxrss>
//                                      a process was waited for; ppid is the supervisor's for the command, 0
//                                      (unknown) for an orphan; pid 0: a sum over several, see SendReaped
//   signal <n> forwarded               a signal was passed on to the command
//   left <pid> <name>                  a descendant that lives on when the command ends
//   exit <code|-> <signal|-> <time> <user> <system> <maxrss> <tree user> <tree system> <read|-> <written|->
//                                      the command ended; user, system and maxrss are its own with what it
//                                      waited for, the rest is the whole tree's; the supervisor ends
// It ends once nvpulse has closed the line.
// From nvpulse: `go` (execute the command), `signal <n>` (pass it on).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "supervisor/files.h"
#include "supervisor/usage.h"

namespace nvpulse {

class Control {
 public:
  explicit Control(int fd) : fd_(fd) {}

  int fd() const { return fd_.get(); }
  // False once nvpulse has gone.
  bool open() const { return fd_.valid(); }
  bool has_unsent() const { return open() && !outbox_.empty(); }

  // Appends a line (without its newline) and sends what the socket takes.
  void Send(const char* format, ...) __attribute__((format(printf, 2, 3)));

  // As Send, but while nvpulse does not read, reaped processes are summed up instead of queued.
  void SendReaped(int pid, int ppid, const Usage& usage);

  void Flush();

  // Nothing more will be sent: tells nvpulse so once all has been sent. It still receives: were it closed, what nvpulse
  // writes meanwhile, such as a signal, would fail, and Node reads no more of a socket on which a write has failed.
  void EndWriting();

  // The whole lines that have arrived. On end of file the line is closed.
  std::vector<std::string> Receive();

 private:
  void Queue(const std::string& line);
  void QueueReaped(int pid, int ppid, const Usage& usage);

  Fd fd_;
  std::string outbox_;
  std::string inbox_;
  bool writing_ended_ = false;
  Usage unsent_reaped_;
  bool has_unsent_reaped_ = false;
};

}  // namespace nvpulse
