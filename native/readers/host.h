// Reads everything about the host and the followed jobs: one reader per subject, files kept open.
// Owned and called by the host thread only; Follow(), Unfollow() and Following() may be called from any thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sampler/row_sink.h"

namespace nvpulse {

/// A job that the job and process tables are about.
struct Followed {
  std::string id;      ///< The job's id, not ''.
  int pid = 0;         ///< Its tree hangs below this process; 0: what is in the cgroup is the job.
  std::string cgroup;  ///< A cgroup v2 folder that holds the job, or ''.
  bool own = false;    ///< The process `pid` is of the job itself, and not only its supervisor.
  std::string cgroup_name = {};  ///< As the cgroup's rows name it.
};

struct FollowedState {
  std::string id;
  bool alive;  ///< The process `pid` runs; where there is none, the cgroup has processes.
};

/// The live processes of a followed job, for the GPU thread to tell them from others.
struct JobProcesses {
  std::string job;
  std::vector<int> pids;
};

/// One for each followed job; empty: none is followed.
using FollowedProcesses = std::vector<JobProcesses>;

/// What a container does not know by itself of the machine that it runs on.
struct Machine {
  std::string rootfs;  ///< Where the machine's root is mounted, without a slash at its end; '': it is our own.
  std::string name;    ///< '': as the kernel tells it.
};

class HostReader {
 public:
  /// `root` stands before /proc, /sys and all file systems; tests give a folder of their own.
  explicit HostReader(const std::string& root = "", const Machine& machine = {});
  ~HostReader();

  /// Reads what is due and appends the rows.
  void Read(TierMask due, RowSink& sink);

  /// What the job has used so far does not count as its own. False where there is no such process or cgroup, and then
  /// nothing is followed. The id must not be followed yet.
  bool Follow(Followed followed);
  /// No rows of the job any more, but for those of a reading that is under way.
  void Unfollow(const std::string& id);
  std::vector<FollowedState> Following() const;

  /// As of the latest reading. Host thread.
  const FollowedProcesses& Processes() const;

 private:
  struct Subjects;
  std::unique_ptr<Subjects> subjects_;
};

}  // namespace nvpulse
