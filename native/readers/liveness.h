// Whether what a followed job hangs on is still there: its root process, or else its cgroup. Unchanged once it is
// made: any thread may ask. Owned by JobsReader.
#pragma once
#include "readers/host.h"
#include "readers/proc_file.h"

namespace nvpulse {

class Liveness {
 public:
  Liveness(const std::string& root, const Followed& followed);

  /// The process runs (another one of the same number is not it) · the cgroup is there and has a process in it or
  /// below.
  bool IsAlive(Buffer& buffer) const;
  /// The same, but an empty cgroup is one too.
  bool Exists(Buffer& buffer) const;

 private:
  bool IsProcessAlive(Buffer& buffer) const;

  const bool is_process_;
  ProcFile file_;  ///< The process's stat, or the cgroup's events: both are of this one, or fail.
  uint64_t start_ = 0;
};

}  // namespace nvpulse
