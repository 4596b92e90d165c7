// Says which processes belong to a followed job: by descent, or by cgroup. Host thread; owned by JobReader.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "readers/proc_file.h"

namespace nvpulse {

struct FoundProcess {
  int pid;
  uint64_t threads;  ///< 0: not known.
};

class ProcessFinder {
 public:
  virtual ~ProcessFinder() = default;

  /// Adds to `found`, which has those known to live, what is not in it yet. What this misses (lists change
  /// while they are read) is found the next time.
  virtual void Find(std::vector<FoundProcess>& found, Buffer& buffer) = 0;
};

/// The descendants of `ancestor`, which is not one of them.
std::unique_ptr<ProcessFinder> FindByDescent(std::string root, int ancestor);

/// The members of the cgroup v2 `folder` and of the cgroups in it, but for `except`.
std::unique_ptr<ProcessFinder> FindByCgroup(std::string folder, int except);

}  // namespace nvpulse
