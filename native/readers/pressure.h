// Pressure stall information of the host, from /proc/pressure. Host thread; owned by HostReader.
#pragma once
#include <string>

#include "readers/proc_file.h"

namespace nvpulse {

class PressureReader {
 public:
  explicit PressureReader(const std::string& root);

  /// Fills its columns of the host's row.
  void Read(Pass& pass, Row<host::kColumns>& host_row);

 private:
  struct Resource {
    int column;
    ProcFile file;
  };
  Resource resources_[3];
};

}  // namespace nvpulse
