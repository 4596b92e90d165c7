// Parses "some avg10=… avg60=… avg300=… total=µs" (Linux 4.20 and later). Host thread; owned by HostReader.
#include "readers/pressure.h"

#include "readers/scanner.h"

namespace nvpulse {

PressureReader::PressureReader(const std::string& root)
    : resources_{{host::cpu_stalled__s, ProcFile(root + "/proc/pressure/cpu")},
                 {host::memory_stalled__s, ProcFile(root + "/proc/pressure/memory")},
                 {host::io_stalled__s, ProcFile(root + "/proc/pressure/io")}} {}

void PressureReader::Read(Pass& pass, Row<host::kColumns>& host_row) {
  for (Resource& resource : resources_) {
    // A kernel that has it switched off has the files, and answers EOPNOTSUPP to open or to read.
    Reading reading = resource.file.Read(pass);
    host_row.Fail(resource.column, reading.ok() ? kReadFailed : reading.status);
    if (!reading.ok()) continue;
    Scanner line(reading.text);  // "some" comes first.
    uint64_t stalled__us = 0;
    while (!line.Until('=').empty()) {
    }
    if (line.Number(&stalled__us)) host_row.Set(resource.column, static_cast<double>(stalled__us) * 1e-6);
  }
}

}  // namespace nvpulse
