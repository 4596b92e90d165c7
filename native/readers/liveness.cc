#include "readers/liveness.h"

#include "readers/process.h"

namespace nvpulse {

Liveness::Liveness(const std::string& root, const Followed& followed)
    : is_process_(followed.pid != 0),
      file_(is_process_ ? root + "/proc/" + std::to_string(followed.pid) + "/stat"
                        : root + followed.cgroup + "/cgroup.events") {
  Buffer buffer;
  ProcessStat stat;
  if (is_process_ && ParseStat(file_.Read(buffer).text, &stat)) start_ = stat.start;
}

bool Liveness::IsAlive(Buffer& buffer) const {
  if (is_process_) return IsProcessAlive(buffer);
  const Reading reading = file_.Read(buffer);
  return reading.ok() && reading.text.find("populated 1") != std::string_view::npos;
}

bool Liveness::Exists(Buffer& buffer) const {
  return is_process_ ? IsProcessAlive(buffer) : file_.Read(buffer).ok();
}

bool Liveness::IsProcessAlive(Buffer& buffer) const {
  const Reading reading = file_.Read(buffer);
  ProcessStat stat;
  return reading.ok() && ParseStat(reading.text, &stat) && stat.start == start_ && stat.Lives();
}

}  // namespace nvpulse
