// Sends and receives control lines without ever waiting for the other side.
#include "supervisor/control.h"

#include <sys/socket.h>

#include <cerrno>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

namespace nvpulse {

namespace {

// Beyond this, reaped processes are summed up: a stuck reader costs no more memory than this.
constexpr size_t kOutboxLimit = 64 * 1024;
// No line of the protocol is nearly as long.
constexpr size_t kInboxLimit = 1024;

}  // namespace

void Control::Send(const char* format, ...) {
  if (has_unsent_reaped_) {
    QueueReaped(0, 0, unsent_reaped_);
    unsent_reaped_ = Usage{};
    has_unsent_reaped_ = false;
  }
  char line[5120];  // Fits a path.
  va_list arguments;
  va_start(arguments, format);
  if (vsnprintf(line, sizeof(line), format, arguments) >= 0) Queue(line);
  va_end(arguments);
  Flush();
}

void Control::Queue(const std::string& line) {
  if (open()) outbox_ += line + '\n';
}

void Control::QueueReaped(int pid, int ppid, const Usage& usage) {
  char line[128];
  snprintf(line, sizeof(line), "reaped %d %d %" PRId64 " %" PRId64 " %" PRId64, pid, ppid, usage.cpu.user_us,
           usage.cpu.system_us, usage.maxrss_kib);
  Queue(line);
}

void Control::SendReaped(int pid, int ppid, const Usage& usage) {
  if (outbox_.size() > kOutboxLimit) {
    unsent_reaped_ += usage;
    has_unsent_reaped_ = true;
    return;
  }
  QueueReaped(pid, ppid, usage);
  Flush();
}

void Control::Flush() {
  size_t sent = 0;
  while (open() && sent < outbox_.size()) {
    ssize_t size = send(fd(), outbox_.data() + sent, outbox_.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size > 0) {
      sent += static_cast<size_t>(size);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      fd_.Close();
    }
  }
  outbox_.erase(0, sent);
}

void Control::EndWriting() {
  if (writing_ended_ || !open() || has_unsent()) return;
  writing_ended_ = true;
  shutdown(fd(), SHUT_WR);
}

std::vector<std::string> Control::Receive() {
  std::vector<std::string> lines;
  char buffer[512];
  while (open()) {
    ssize_t size = recv(fd(), buffer, sizeof(buffer), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (size <= 0) {
      fd_.Close();
      break;
    }
    inbox_.append(buffer, static_cast<size_t>(size));
    for (size_t end = inbox_.find('\n'); end != std::string::npos; end = inbox_.find('\n')) {
      lines.push_back(inbox_.substr(0, end));
      inbox_.erase(0, end + 1);
    }
    if (inbox_.size() > kInboxLimit) inbox_.clear();
  }
  return lines;
}

}  // namespace nvpulse
