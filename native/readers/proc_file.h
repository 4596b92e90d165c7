// A file of procfs, sysfs or cgroupfs that is kept open and read whole again and again.
// Owned and read by one thread at a time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sampler/row_sink.h"

namespace nvpulse {

/// Reused from reading to reading, shared by all files of a reader; grows when a file does.
using Buffer = std::vector<char>;

/// What one reading gave. The text lies in the buffer until the next reading.
struct Reading {
  Status status = kReadFailed;
  int64_t time_ns = 0;
  std::string_view text;

  bool ok() const { return status == kOk; }
};

/// One pass over all subjects: what is due, and where the rows go.
struct Pass {
  TierMask due;
  Buffer& buffer;
  RowSink& sink;

  bool medium() const { return IsDue(due, Tier::kMedium); }
  bool slow() const { return IsDue(due, Tier::kSlow); }
};

/// The status for a failed system call on a file.
Status StatusOfErrno(int error);

class ProcFile {
 public:
  /// Opens it; where that fails, readings tell why.
  explicit ProcFile(std::string path);
  ~ProcFile() { Close(); }
  ProcFile(ProcFile&& other) noexcept;
  ProcFile& operator=(ProcFile&& other) noexcept;

  Reading Read(Buffer& buffer) const;

  /// The same; on slow passes a file that could not be opened, or read, before is opened anew: what was mounted there
  /// (lxcfs) may have been started again.
  Reading Read(const Pass& pass);

  void Open();
  void Close();
  int fd() const { return fd_; }

 private:
  std::string path_;
  int fd_ = -1;
  Status unopened_ = kReadFailed;
  bool failed_ = false;  ///< The latest reading for a pass.
};

}  // namespace nvpulse
