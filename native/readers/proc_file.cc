// Opens and preads the files of procfs. Any thread, one at a time; the files belong to their subjects.
#include "readers/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "sampler/clock.h"

namespace nvpulse {

namespace {
constexpr size_t kLeast = 4096;  ///< Room offered to each pread.
}

Status StatusOfErrno(int error) {
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENOSYS:
    case EOPNOTSUPP:
      return kUnsupported;
    case EACCES:
    case EPERM:
      return kDenied;
    case ESRCH:
      return kGone;
    default:
      return kReadFailed;
  }
}

ProcFile::ProcFile(std::string path) : path_(std::move(path)) { Open(); }

ProcFile::ProcFile(ProcFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      unopened_(other.unopened_),
      failed_(other.failed_) {}

ProcFile& ProcFile::operator=(ProcFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(unopened_, other.unopened_);
  std::swap(failed_, other.failed_);
  return *this;
}

void ProcFile::Open() {
  if (fd_ >= 0) return;
  fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) unopened_ = StatusOfErrno(errno);
}

void ProcFile::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

// The kernel hands out lists (diskstats, net/dev, mountinfo) a page at a time however large the buffer is, so
// that only an empty answer is the end. What it formats as one record (stat, meminfo) stays one snapshot all
// the same.
Reading ProcFile::Read(Buffer& buffer) const {
  if (fd_ < 0) return {unopened_, MonotonicNs(), {}};
  size_t size = 0;
  int64_t time_ns = 0;
  for (;;) {
    if (buffer.size() - size < kLeast) buffer.resize(buffer.size() * 2 + kLeast);
    ssize_t got = pread(fd_, buffer.data() + size, buffer.size() - size, static_cast<off_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {StatusOfErrno(errno), MonotonicNs(), {}};
    if (time_ns == 0) time_ns = MonotonicNs();
    if (got == 0) return {kOk, time_ns, {buffer.data(), size}};
    size += static_cast<size_t>(got);
  }
}

Reading ProcFile::Read(const Pass& pass) {
  if (pass.slow() && failed_) Close();
  if (pass.slow()) Open();
  const Reading reading = Read(pass.buffer);
  failed_ = !reading.ok();
  return reading;
}

}  // namespace nvpulse
