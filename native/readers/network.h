// Traffic of each network interface but the loopback, from /proc/net/dev. Host thread; owned by HostReader.
#pragma once
#include <string>

#include "readers/proc_file.h"
#include "readers/roster.h"

namespace nvpulse {

class NetworkReader {
 public:
  explicit NetworkReader(const std::string& root) : dev_(root + "/proc/self/net/dev") {}
  void Read(Pass& pass);

 private:
  ProcFile dev_;
  Roster<std::string, uint32_t> interfaces_;
};

}  // namespace nvpulse
