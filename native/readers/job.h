// What the followed job and each of its processes use. Made by Follow() on any thread, then used by the host
// thread; owned by HostReader.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "readers/host.h"
#include "readers/job_totals.h"
#include "readers/proc_file.h"
#include "readers/process.h"
#include "readers/process_finder.h"

namespace nvpulse {

class JobReader {
 public:
  /// What its supervisor had used so far counts as not the job's.
  JobReader(const std::string& root, Followed followed);

  /// Appends the job's row and one for each live process, on medium passes, until the supervisor has ended.
  /// Where there are so many processes that it would take more than 1 % of a core, medium passes are left
  /// out; slow ones never are.
  void Read(Pass& pass);

  /// Those seen alive in the latest reading.
  void LivePids(std::vector<int>& pids) const;

 private:
  struct Member {
    Process process;
    std::optional<uint32_t> instance;
  };

  void ReadMembers(Buffer& buffer);
  bool IsSearchDue(Pass& pass);
  void FindMembers(Buffer& buffer);
  void AppendJob(RowSink& sink);
  void AppendProcess(Member& member, RowSink& sink);

  std::string root_;
  std::string id_;
  Process supervisor_;
  bool is_cgroup_;
  std::unique_ptr<ProcessFinder> finder_;
  ProcFile loadavg_;
  uint64_t last_born_ = 0;
  std::vector<Member> members_;      ///< By start time.
  std::vector<FoundProcess> found_;  ///< Kept for its memory.
  JobTotals totals_;
  double peak_rss__MiB_ = 0;
  int64_t rests_until_ns_ = 0;
  bool ended_ = false;
  std::optional<uint32_t> instance_;
};

}  // namespace nvpulse
