// The cgroup (v2) that the command runs in: one made for it, or one that was given. Thread: the only one.
// Owner: Supervisor.
#pragma once

#include <string>

#include "supervisor/files.h"
#include "supervisor/usage.h"

namespace nvpulse {

class Cgroup {
 public:
  // Makes a group below the supervisor's own. False: not possible here, or not without hiding from the command what
  // its group shows, such as limits; `reason` says why.
  bool Make(std::string* reason);

  // Uses the group at `path`. Returns 0 or an errno.
  int Use(const std::string& path);

  bool valid() const { return processes_.valid(); }
  const std::string& path() const { return path_; }
  // Whether the group held no one else at the start, so that its figures are the command's.
  bool alone() const { return alone_; }

  // For clone3 to start a process in the group.
  int directory() const { return directory_.get(); }
  // Moves the calling process (the child, before it executes the command) in. Returns 0 or an errno.
  int Join() const;

  // CPU time of everything that has run in the group since Make or Use, the dead included.
  bool ReadCpu(CpuTime* cpu) const;

  // Removes a group that was made, unless something lives on in it.
  void Remove();

 private:
  int Open(const std::string& path);
  bool ReadCpuTotal(CpuTime* cpu) const;

  std::string path_;
  Fd directory_;
  Fd processes_;
  CpuTime baseline_;
  bool alone_ = false;
  bool made_ = false;
};

}  // namespace nvpulse
