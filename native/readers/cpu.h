// CPU time of the host and of each CPU, from /proc/stat. Host thread; owned by HostReader.
#pragma once
#include <cstdint>
#include <string>

#include "readers/proc_file.h"
#include "readers/roster.h"

namespace nvpulse {

class CpuReader {
 public:
  explicit CpuReader(const std::string& root) : stat_(root + "/proc/stat") {}

  /// Fills its columns of the host's row, appends a row for each CPU, and returns when it read.
  int64_t Read(Pass& pass, Row<host::kColumns>& host_row);

 private:
  void ReadHost(const uint64_t* ticks, Row<host::kColumns>& host_row);
  void AppendCore(const Reading& reading, uint64_t number, const uint64_t* ticks, RowSink& sink);

  ProcFile stat_;
  Roster<uint64_t, uint32_t> cores_;
  int online_ = 0;
  uint64_t iowait_ = 0;
};

}  // namespace nvpulse
