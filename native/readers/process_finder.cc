// The two ways to find a job's processes. Host thread; owned by JobReader.
#include "readers/process_finder.h"

#include <dirent.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "readers/process.h"
#include "readers/scanner.h"

namespace nvpulse {

namespace {

using Found = std::vector<FoundProcess>;

bool Contains(const Found& found, int pid) {
  return std::any_of(found.begin(), found.end(),
                     [&](const FoundProcess& process) { return process.pid == pid; });
}

/// Calls visit(entry) for each thing in a folder; none where it cannot be opened.
template <class Visit>
void ForEachEntry(const std::string& folder, Visit visit) {
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) visit(*entry);
  closedir(directory);
}

/// Adds the numbers in a file, on one line or on many.
void AddNumbersOf(const std::string& path, int except, Found& found, Buffer& buffer) {
  Reading reading = ProcFile(path).Read(buffer);
  for (Scanner line(reading.text); !line.AtEnd(); line.NextLine()) {
    uint64_t pid = 0;
    while (line.Number(&pid)) {
      // 0 is one that this PID namespace has no number for.
      int number = static_cast<int>(pid);
      if (number != 0 && number != except && !Contains(found, number)) found.push_back({number, 0});
    }
  }
}

class Descent : public ProcessFinder {
 public:
  Descent(std::string root, int ancestor) : proc_(std::move(root) + "/proc/"), ancestor_(ancestor) {}

  void Find(Found& found, Buffer& buffer) override {
    if (!KernelListsChildren(buffer)) return Scan(found, buffer);
    AddChildren({ancestor_, 0}, found, buffer);
    for (size_t i = 0; i < found.size(); i++) {
      if (found[i].pid != ancestor_) AddChildren(found[i], found, buffer);
    }
  }

 private:
  /// CONFIG_PROC_CHILDREN; nearly every kernel has it.
  bool KernelListsChildren(Buffer& buffer) const {
    std::string pid = std::to_string(ancestor_);
    return ProcFile(proc_ + pid + "/task/" + pid + "/children").Read(buffer).ok();
  }

  /// A child is listed with the thread that made it.
  void AddChildren(FoundProcess parent, Found& found, Buffer& buffer) const {
    std::string pid = std::to_string(parent.pid);
    std::string threads = proc_ + pid + "/task/";
    if (parent.threads == 1) return AddNumbersOf(threads + pid + "/children", ancestor_, found, buffer);
    ForEachEntry(threads, [&](const dirent& thread) {
      if (thread.d_name[0] != '.')
        AddNumbersOf(threads + thread.d_name + "/children", ancestor_, found, buffer);
    });
  }

  /// Looks at every process of the machine: about 10 µs each.
  void Scan(Found& found, Buffer& buffer) const {
    std::vector<std::pair<int, int>> parents;
    ForEachEntry(proc_, [&](const dirent& entry) {
      ProcessStat stat;
      int pid = std::atoi(entry.d_name);
      if (pid > 0 && ParseStat(ProcFile(proc_ + entry.d_name + "/stat").Read(buffer).text, &stat)) {
        parents.push_back({pid, static_cast<int>(stat.parent)});
      }
    });
    for (bool grew = true; grew;) {
      grew = false;
      for (const auto& [pid, parent] : parents) {
        if (Contains(found, pid) || (parent != ancestor_ && !Contains(found, parent))) continue;
        found.push_back({pid, 0});
        grew = true;
      }
    }
  }

  std::string proc_;
  int ancestor_;
};

class Cgroup : public ProcessFinder {
 public:
  Cgroup(std::string folder, int except) : folder_(std::move(folder)), except_(except) {}

  void Find(Found& found, Buffer& buffer) override { AddMembers(folder_, found, buffer); }

 private:
  void AddMembers(const std::string& folder, Found& found, Buffer& buffer) const {
    AddNumbersOf(folder + "/cgroup.procs", except_, found, buffer);
    ForEachEntry(folder, [&](const dirent& entry) {
      if (entry.d_type == DT_DIR && entry.d_name[0] != '.')
        AddMembers(folder + "/" + entry.d_name, found, buffer);
    });
  }

  std::string folder_;
  int except_;
};

}  // namespace

std::unique_ptr<ProcessFinder> FindByDescent(std::string root, int ancestor) {
  return std::make_unique<Descent>(std::move(root), ancestor);
}

std::unique_ptr<ProcessFinder> FindByCgroup(std::string folder, int except) {
  return std::make_unique<Cgroup>(std::move(folder), except);
}

}  // namespace nvpulse
