// Reads everything about the host and the followed job: one reader per subject, files kept open.
// Owned and called by the host thread only; Follow() may be called from any thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sampler/row_sink.h"

namespace nvpulse {

/// What the job and process tables are about.
struct Followed {
  std::string id;      ///< The job's id.
  int pid = 0;         ///< Its tree hangs below this process, itself not counted; 0: none.
  std::string cgroup;  ///< A cgroup v2 folder that holds the job, or ''.
};

/// Live processes of the followed job, for the GPU thread to tell them from others.
struct JobProcesses {
  bool followed = false;
  std::vector<int> pids;
};

class HostReader {
 public:
  /// `root` stands before /proc and /sys; tests give a folder of their own.
  explicit HostReader(const std::string& root = "");
  ~HostReader();

  /// Reads what is due and appends the rows.
  void Read(TierMask due, RowSink& sink);

  void Follow(Followed followed);
  JobProcesses Processes() const;

 private:
  struct Subjects;
  std::unique_ptr<Subjects> subjects_;
};

}  // namespace nvpulse
