#include "readers/jobs.h"

#include <algorithm>
#include <utility>

#include "readers/cgroup.h"
#include "readers/job.h"
#include "readers/liveness.h"
#include "readers/scanner.h"
#include "sampler/clock.h"

namespace nvpulse {

namespace {

// After a reading a hundred times its own CPU time must pass, or until a slow pass: some 5 µs a process at each
// medium pass would be 5 % of a core for jobs of 1000 processes.
constexpr int64_t kRest = 100;

}  // namespace

struct JobsReader::Job {
  Job(const std::string& root, const Followed& followed)
      : id(followed.id), liveness(root, followed), reader(root, followed) {}

  const std::string id;
  const Liveness liveness;
  JobReader reader;  ///< Of the host thread, once it is in the list.
  std::shared_ptr<CgroupReader> cgroup;  ///< The same of all jobs in it; null where there is none.
};

JobsReader::JobsReader(const std::string& root) : root_(root), loadavg_(root + "/proc/loadavg") {}
JobsReader::~JobsReader() = default;

bool JobsReader::Follow(Followed followed) {
  auto job = std::make_shared<Job>(root_, followed);
  Buffer buffer;
  if (!job->liveness.Exists(buffer)) return false;
  std::lock_guard<std::mutex> lock(mutex_);
  if (!followed.cgroup.empty()) job->cgroup = CgroupOf(followed);
  jobs_.push_back(std::move(job));
  changed_ = true;
  return true;
}

/// That of a job which is followed already, or another. With mutex_ held.
std::shared_ptr<CgroupReader> JobsReader::CgroupOf(const Followed& followed) {
  const std::string folder = root_ + followed.cgroup;
  for (const auto& job : jobs_) {
    if (job->cgroup && job->cgroup->folder() == folder) return job->cgroup;
  }
  return std::make_shared<CgroupReader>(folder, followed.cgroup_name);
}

void JobsReader::Unfollow(const std::string& id) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job->id == id; });
  if (found == jobs_.end()) return;
  unfollowed_.push_back(std::move(*found));
  jobs_.erase(found);
  changed_ = true;
}

std::vector<FollowedState> JobsReader::Following() const {
  std::vector<std::shared_ptr<Job>> jobs;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    jobs = jobs_;
  }
  Buffer buffer;
  std::vector<FollowedState> states;
  for (const auto& job : jobs) states.push_back({job->id, job->liveness.IsAlive(buffer)});
  return states;
}

/// Puts what is to be read into reading_. True where that changed since the reading before.
bool JobsReader::TakeJobs() {
  std::lock_guard<std::mutex> lock(mutex_);
  reading_ = jobs_;
  return std::exchange(changed_, false);
}

/// What was followed has no rows any more; a cgroup has, as long as another job is in it.
void JobsReader::RetireUnfollowed(RowSink& sink) {
  std::vector<std::shared_ptr<Job>> gone;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    gone.swap(unfollowed_);
  }
  for (const auto& job : gone) {
    job->reader.Retire(sink);
    const auto is_in = [&](const auto& other) { return other->cgroup == job->cgroup; };
    if (job->cgroup && std::none_of(reading_.begin(), reading_.end(), is_in)) job->cgroup->Retire(sink);
  }
}

void JobsReader::Read(Pass& pass) {
  const bool changed = TakeJobs();
  RetireUnfollowed(pass.sink);
  if (changed || pass.slow() || MonotonicNs() >= rests_until_ns_) {
    const int64_t start_ns = ReadClock(CLOCK_THREAD_CPUTIME_ID);
    const bool search = !reading_.empty() && IsSearchDue(pass);
    processes_.resize(reading_.size());
    for (size_t i = 0; i < reading_.size(); i++) {
      reading_[i]->reader.Read(pass.buffer, search, pass.slow());
      processes_[i].job = reading_[i]->id;
      reading_[i]->reader.LivePids(processes_[i].pids);
    }
    const int64_t time_ns = MonotonicNs();
    for (size_t i = 0; i < reading_.size(); i++) {
      reading_[i]->reader.Append(pass.sink, time_ns);
      if (IsFirstInItsCgroup(i)) reading_[i]->cgroup->Read(pass, time_ns);
    }
    rests_until_ns_ = time_ns + kRest * (ReadClock(CLOCK_THREAD_CPUTIME_ID) - start_ns);
  }
  reading_.clear();
}

bool JobsReader::IsFirstInItsCgroup(size_t at) const {
  const auto end = reading_.begin() + static_cast<std::ptrdiff_t>(at);
  const auto& cgroup = reading_[at]->cgroup;
  return cgroup && std::none_of(reading_.begin(), end, [&](const auto& job) { return job->cgroup == cgroup; });
}

// A search costs as much as all readings, so between slow passes it waits until the kernel has numbered a new
// task since the one before: /proc/loadavg ends with the latest number. (Not relied on alone: lxcfs refreshes
// it late, gVisor says 0.)
bool JobsReader::IsSearchDue(Pass& pass) {
  Reading reading = loadavg_.Read(pass);
  Scanner line(reading.text);
  for (int i = 0; i < 4; i++) line.Word();
  uint64_t born = 0;
  line.Number(&born);
  bool is_new = born == 0 || born != last_born_;
  last_born_ = born;
  return is_new || pass.slow();
}

}  // namespace nvpulse
