// What a cgroup v2 uses, and may use. Made by Follow() on any thread, then used by the host thread; owned by the
// followed jobs that are in it.
#pragma once
#include <optional>
#include <string>

#include "readers/proc_file.h"

namespace nvpulse {

class CgroupReader {
 public:
  /// `folder` as in Followed, with the root before it; `name` is its identity.
  CgroupReader(const std::string& folder, std::string name);

  const std::string& folder() const { return folder_; }

  /// Appends its row; the one after it was removed says so, and is the last.
  void Read(Pass& pass, int64_t time_ns);
  /// There will be no more rows.
  void Retire(RowSink& sink);

 private:
  void ReadCpu(Pass& pass, Row<cgroup::kColumns>& row);

  const std::string folder_;
  const std::string name_;
  ProcFile cpu_stat_;
  ProcFile memory_current_;
  ProcFile memory_peak_;
  ProcFile memory_max_;
  bool was_there_ = false;
  bool is_gone_ = false;
  std::optional<uint32_t> instance_;
};

}  // namespace nvpulse
