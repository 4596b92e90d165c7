// What a followed job and each of its processes use. Made by Follow() on any thread, then used by the host thread;
// owned by JobsReader.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "readers/host.h"
#include "readers/job_memory.h"
#include "readers/job_totals.h"
#include "readers/proc_file.h"
#include "readers/process.h"
#include "readers/process_finder.h"

namespace nvpulse {

class JobReader {
 public:
  /// What was used so far counts as not the job's.
  JobReader(const std::string& root, Followed followed);

  /// Reads the processes that are known, and looks for new ones where asked to, and at the first time. On slow passes
  /// what of their memory is dear to read, too.
  void Read(Buffer& buffer, bool search, bool slow);

  /// Appends the job's row and one for each live process, as they were read; none where the root process has ended.
  void Append(RowSink& sink, int64_t time_ns);

  /// There will be no more rows.
  void Retire(RowSink& sink);

  /// Those seen alive in the latest reading.
  void LivePids(std::vector<int>& pids) const;

 private:
  struct Member {
    explicit Member(Process of) : process(std::move(of)) {}

    Process process;
    bool lives = true;  ///< Seen at the latest reading.
    std::optional<uint32_t> instance;
    std::string name;  ///< Of the instance.
    int64_t renamed_ns = 0;
  };

  void TakeBase();
  void ReadMembers(Buffer& buffer);
  void FindMembers(Buffer& buffer);
  void AddUp(Buffer& buffer);
  bool HasHeir(const Member& ended) const;
  const Member* Find(int pid) const;
  bool IsAlive(int pid) const;
  bool HasExecuted(const Member& member) const;
  void ReadMemory(Buffer& buffer);
  void AppendJob(RowSink& sink, int64_t time_ns);
  void AppendProcess(Member& member, RowSink& sink, int64_t time_ns);
  void NameProcess(Member& member, RowSink& sink, int64_t time_ns);
  void Leave(const Member& member);

  std::string root_;
  std::string id_;
  std::optional<Process> supervisor_;  ///< Not of the job, but its root.
  const int own_;                      ///< The root that is of the job, or 0.
  bool is_cgroup_;
  std::unique_ptr<ProcessFinder> finder_;
  bool searched_ = false;
  std::vector<Member> members_;      ///< By start time.
  std::vector<FoundProcess> found_;  ///< Kept for its memory.
  std::vector<uint32_t> left_;       ///< Instances of members that are no more, to be retired.
  JobTotals totals_;
  JobMemory memory_;
  std::vector<const Process*> running_;  ///< Kept for its memory.
  bool ended_ = false;
  std::optional<uint32_t> instance_;
};

}  // namespace nvpulse
