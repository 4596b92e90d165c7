// The living processes below a process, from procfs. Thread: the only one. Owner: the caller.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "supervisor/usage.h"

namespace nvpulse {

struct Process {
  pid_t pid = 0;
  pid_t ppid = 0;
  bool zombie = false;
  std::string name;  // As the kernel keeps it: 15 bytes at most; control characters are replaced.
  CpuTime cpu;       // With that of the children it has waited for; rounded down to clock ticks.
};

// Every process whose chain of parents leads to `root`, without `root` itself.
std::vector<Process> Descendants(pid_t root);

}  // namespace nvpulse
