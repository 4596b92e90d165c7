// Reads a small virtual file whole.
#include "supervisor/files.h"

#include <fcntl.h>

#include <cerrno>

namespace nvpulse {

bool ReadFileAt(int dir_fd, const char* path, std::string* content) {
  Fd file(openat(dir_fd, path, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return false;
  content->clear();
  char buffer[4096];
  for (;;) {
    ssize_t size = read(file.get(), buffer, sizeof(buffer));
    if (size == 0) return true;
    if (size > 0) content->append(buffer, static_cast<size_t>(size));
    if (size < 0 && errno != EINTR) return false;
  }
}

}  // namespace nvpulse
