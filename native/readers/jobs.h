// The jobs that are followed. The host thread reads; Follow(), Unfollow() and Following() may be called from any
// thread. Owned by HostReader.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "readers/host.h"
#include "readers/proc_file.h"

namespace nvpulse {

class CgroupReader;

class JobsReader {
 public:
  explicit JobsReader(const std::string& root);
  ~JobsReader();

  /// As those of HostReader.
  bool Follow(Followed followed);
  void Unfollow(const std::string& id);
  std::vector<FollowedState> Following() const;

  /// Appends the rows of every job and its cgroup on medium passes, all with one time: what is read together is compared. Where there
  /// are so many processes that it would take more than 1 % of a core, medium passes are left out; slow ones, and the
  /// first after a change of what is followed, never are.
  void Read(Pass& pass);

  const FollowedProcesses& Processes() const { return processes_; }

 private:
  struct Job;
  std::shared_ptr<CgroupReader> CgroupOf(const Followed& followed);
  bool TakeJobs();
  void RetireUnfollowed(RowSink& sink);
  bool IsFirstInItsCgroup(size_t at) const;
  bool IsSearchDue(Pass& pass);

  const std::string root_;

  // Host thread only.
  ProcFile loadavg_;
  uint64_t last_born_ = 0;
  int64_t rests_until_ns_ = 0;
  std::vector<std::shared_ptr<Job>> reading_;  ///< Kept for its memory; empty between readings.
  FollowedProcesses processes_;

  mutable std::mutex mutex_;  ///< Guards what follows.
  std::vector<std::shared_ptr<Job>> jobs_;
  std::vector<std::shared_ptr<Job>> unfollowed_;  ///< Until the host thread has retired their instances.
  bool changed_ = false;
};

}  // namespace nvpulse
