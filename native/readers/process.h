// One process: its CPU time, memory and I/O, from /proc/PID/stat and /proc/PID/io. Host thread, but may be
// made and read first elsewhere; owned by JobReader.
#pragma once
#include <cstdint>
#include <string>

#include "readers/proc_file.h"

namespace nvpulse {

/// proc_pid_stat(5), as far as it is needed. Times are in clock ticks.
struct ProcessStat {
  std::string name;  ///< As the kernel keeps it: 15 bytes, any bytes.
  char state = 0;
  uint64_t parent = 0;
  uint64_t user = 0, system = 0;                    ///< Of the process alone.
  uint64_t children_user = 0, children_system = 0;  ///< Of the children it has waited for, with theirs.
  uint64_t threads = 0;
  uint64_t start = 0;
  uint64_t rss_pages = 0;

  /// A leader that ended before its threads is a zombie too, but the process lives.
  bool Lives() const { return (state != 'Z' && state != 'X') || threads > 1; }
};

/// False where `text` isn't a stat file.
bool ParseStat(std::string_view text, ProcessStat* stat);

/// Bytes moved from and to storage by the process and by the children it has waited for: the kernel adds
/// those.
struct ProcessIo {
  Status status = kReadFailed;
  uint64_t read__B = 0, write__B = 0;
};

class Process {
 public:
  Process(const std::string& root, int pid);

  /// False once it is gone. An open file can't be taken for that of a later process of the same number; a
  /// reopened one is told by its start time. Without `keep_open` the files are closed again.
  bool Read(Buffer& buffer, bool keep_open);

  int pid() const { return pid_; }
  const ProcessStat& stat() const { return stat_; }
  const ProcessIo& io() const { return io_; }
  double rss__MiB() const;

 private:
  bool ReadStat(Buffer& buffer);
  void ReadIo(Buffer& buffer);

  int pid_;
  ProcFile stat_file_;
  ProcFile io_file_;
  bool was_read_ = false;
  ProcessStat stat_;
  ProcessIo io_;
};

}  // namespace nvpulse
