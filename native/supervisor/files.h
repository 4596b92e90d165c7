// Small files of procfs and cgroupfs, and descriptors that close themselves. Thread: the only one. Owner: the
// caller.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

namespace nvpulse {

// Owns one descriptor; -1 is none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

// The whole content of `path` (relative to `dir_fd`, or AT_FDCWD); false when it cannot be read.
bool ReadFileAt(int dir_fd, const char* path, std::string* content);

}  // namespace nvpulse
