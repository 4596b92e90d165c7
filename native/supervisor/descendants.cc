// Finds descendants by one pass over /proc. That costs about 10 µs a process of the machine, so it is done
// only when wait4 says that there are any; /proc/PID/task/*/children would be quicker, but not every kernel
// has it.
#include "supervisor/descendants.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "supervisor/files.h"

namespace nvpulse {

namespace {

int64_t TicksToUs(unsigned long long ticks) {
  static const long per_second = std::max(1L, sysconf(_SC_CLK_TCK));
  return static_cast<int64_t>(ticks) * 1000000 / per_second;
}

// proc_pid_stat(5): "pid (name) state ppid …"; the name may hold anything: its end is the last parenthesis.
bool ParseStat(const std::string& stat, Process* process) {
  size_t open = stat.find('(');
  size_t close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return false;
  char state = 0;
  int ppid = 0;
  unsigned long long user = 0, system = 0, children_user = 0, children_system = 0;
  if (sscanf(stat.c_str() + close + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
             &state, &ppid, &user, &system, &children_user, &children_system) != 6) {
    return false;
  }
  process->ppid = ppid;
  process->zombie = state == 'Z' || state == 'X';
  process->name = stat.substr(open + 1, close - open - 1);
  for (char& character : process->name) {
    if (static_cast<unsigned char>(character) < ' ' || character == 0x7f) character = '?';
  }
  process->cpu = {TicksToUs(user + children_user), TicksToUs(system + children_system)};
  return true;
}

std::vector<Process> AllProcesses() {
  std::vector<Process> processes;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return processes;
  std::string stat;
  while (const dirent* entry = readdir(proc)) {
    Process process;
    process.pid = atoi(entry->d_name);
    if (process.pid <= 0) continue;
    std::string path = std::string(entry->d_name) + "/stat";
    // One that ends meanwhile is not among the living: skip it.
    if (ReadFileAt(dirfd(proc), path.c_str(), &stat) && ParseStat(stat, &process)) {
      processes.push_back(std::move(process));
    }
  }
  closedir(proc);
  return processes;
}

// False where /proc is that of another PID namespace, whose numbers would mean other processes.
bool ProcIsOurs() {
  char self[16] = "";
  return readlink("/proc/self", self, sizeof(self) - 1) > 0 && atoi(self) == getpid();
}

}  // namespace

std::vector<Process> Descendants(pid_t root) {
  if (!ProcIsOurs()) return {};
  std::vector<Process> all = AllProcesses();
  std::sort(all.begin(), all.end(), [](const Process& a, const Process& b) { return a.ppid < b.ppid; });
  std::vector<Process> found;
  pid_t parent = root;
  for (size_t next = 0;; parent = found[next++].pid) {
    auto child = std::lower_bound(all.begin(), all.end(), parent,
                                  [](const Process& process, pid_t ppid) { return process.ppid < ppid; });
    for (; child != all.end() && child->ppid == parent; ++child) found.push_back(*child);
    if (next == found.size()) return found;
  }
}

}  // namespace nvpulse
