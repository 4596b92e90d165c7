// I/O of each disk, from /proc/diskstats. Host thread; owned by HostReader.
#pragma once
#include <optional>
#include <string>

#include "readers/proc_file.h"
#include "readers/roster.h"

namespace nvpulse {

/// Whole disks only. Left out: partitions (their disk has the same I/O), loop devices, ram disks and zram
/// (files and memory, not disks), and devices that never had any I/O (empty drives, unused network block
/// devices). Stacked devices (md, dm) are listed beside the disks below them.
class DiskReader {
 public:
  explicit DiskReader(const std::string& root)
      : diskstats_(root + "/proc/diskstats"), block_folder_(root + "/sys/class/block/") {}
  void Read(Pass& pass);

 private:
  struct Disk {
    bool shown;
    std::optional<uint32_t> instance;
  };
  bool IsShown(std::string_view name) const;

  ProcFile diskstats_;
  std::string block_folder_;
  Roster<std::string, Disk> disks_;
};

}  // namespace nvpulse
