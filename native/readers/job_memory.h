// What a job's processes hold in memory, beside the resident memory that each pass reads with them. Host thread; owned
// by JobReader.
#pragma once
#include <string>
#include <vector>

#include "readers/host.h"
#include "readers/proc_file.h"
#include "readers/process.h"

namespace nvpulse {

class JobMemory {
 public:
  explicit JobMemory(std::string root) : root_(std::move(root)) {}

  /// On slow passes: the kernel's peak of the process that is the largest now, and PSS where that is cheap.
  void Read(const std::vector<const Process*>& processes, Buffer& buffer);

  /// Fills what was read since the row before.
  void Fill(Row<job::kColumns>& row);

 private:
  void ReadPeak(const Process& process, Buffer& buffer);
  void ReadPss(const std::vector<const Process*>& processes, Buffer& buffer);

  struct Figure {
    double value__MiB = 0;
    Status status = kNotDue;
  };

  const std::string root_;
  Figure peak_;
  Figure pss_;
  double cost_factor_ = 1;  ///< Of PSS, as it was measured lately, to what it was reckoned at.
};

}  // namespace nvpulse
