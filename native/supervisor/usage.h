// What processes have used: CPU time, memory, disk I/O. Thread: the only one. Owner: whoever holds the value.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <string>

namespace nvpulse {

struct CpuTime {
  int64_t user_us = 0;
  int64_t system_us = 0;

  int64_t total_us() const { return user_us + system_us; }
  CpuTime& operator+=(const CpuTime& other);
};

struct Usage {
  CpuTime cpu;
  int64_t maxrss_kib = 0;  // Of the largest single process.

  Usage& operator+=(const Usage& other);
};

// Bytes moved between the page cache and the disks, as /proc/PID/io counts them.
struct DiskIo {
  uint64_t read_bytes = 0;
  uint64_t write_bytes = 0;

  DiskIo& operator+=(const DiskIo& other);
};

Usage FromRusage(const rusage& usage);

// A process's I/O together with that of the children it has waited for; `process` is a number or "self".
// False when the kernel does not say (no such accounting, no permission, process gone).
bool ReadDiskIo(const std::string& process, DiskIo* io);

}  // namespace nvpulse
