// Memory and swap of the host, from /proc/meminfo. Host thread; owned by HostReader.
#pragma once
#include <optional>
#include <string>

#include "readers/proc_file.h"

namespace nvpulse {

class MemoryReader {
 public:
  explicit MemoryReader(const std::string& root) : meminfo_(root + "/proc/meminfo") {}
  void Read(Pass& pass);

 private:
  ProcFile meminfo_;
  std::optional<uint32_t> instance_;
};

}  // namespace nvpulse
