// Sums of resource usage, and a process's disk I/O from procfs.
#include "supervisor/usage.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "supervisor/files.h"

namespace nvpulse {

namespace {

int64_t Microseconds(const timeval& time) { return int64_t{time.tv_sec} * 1000000 + time.tv_usec; }

bool ReadField(const std::string& text, const char* key, uint64_t* value) {
  size_t at = text.find(key);
  if (at == std::string::npos) return false;
  *value = std::strtoull(text.c_str() + at + std::strlen(key), nullptr, 10);
  return true;
}

}  // namespace

CpuTime& CpuTime::operator+=(const CpuTime& other) {
  user_us += other.user_us;
  system_us += other.system_us;
  return *this;
}

Usage& Usage::operator+=(const Usage& other) {
  cpu += other.cpu;
  maxrss_kib = std::max(maxrss_kib, other.maxrss_kib);
  return *this;
}

DiskIo& DiskIo::operator+=(const DiskIo& other) {
  read_bytes += other.read_bytes;
  write_bytes += other.write_bytes;
  return *this;
}

Usage FromRusage(const rusage& usage) {
  return Usage{{Microseconds(usage.ru_utime), Microseconds(usage.ru_stime)}, usage.ru_maxrss};
}

bool ReadDiskIo(const std::string& process, DiskIo* io) {
  std::string path = "/proc/" + process + "/io";
  std::string text;
  // The leading newline tells write_bytes from cancelled_write_bytes.
  return ReadFileAt(AT_FDCWD, path.c_str(), &text) && ReadField(text, "\nread_bytes:", &io->read_bytes) &&
         ReadField(text, "\nwrite_bytes:", &io->write_bytes);
}

}  // namespace nvpulse
