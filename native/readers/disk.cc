// Parses /proc/diskstats (Documentation/admin-guide/iostats.rst). Host thread; owned by HostReader.
#include "readers/disk.h"

#include <unistd.h>

#include <algorithm>

#include "readers/scanner.h"

namespace nvpulse {

namespace {

// What follows the name; more columns (discards, flushes) follow on newer kernels.
enum Field {
  kReads, kReadsMerged, kSectorsRead, kReadTime,
  kWrites, kWritesMerged, kSectorsWritten, kWriteTime,
  kQueue, kBusyTime, kFields
};

constexpr double kSector__B = 512;  // Of these counters, whatever the device's own sector is.

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool WasUsed(const uint64_t* fields) { return fields[kReads] != 0 || fields[kWrites] != 0; }

void Fill(Row<disk::kColumns>& row, const uint64_t* fields) {
  row.Set(disk::disk_read__B, static_cast<double>(fields[kSectorsRead]) * kSector__B);
  row.Set(disk::disk_write__B, static_cast<double>(fields[kSectorsWritten]) * kSector__B);
  row.Set(disk::disk_reads, static_cast<double>(fields[kReads]));
  row.Set(disk::disk_writes, static_cast<double>(fields[kWrites]));
  row.Set(disk::disk_busy__s, static_cast<double>(fields[kBusyTime]) * 1e-3);
  row.Set(disk::disk_queue, static_cast<double>(fields[kQueue]));
}

}  // namespace

bool DiskReader::IsShown(std::string_view name) const {
  for (const char* other : {"loop", "ram", "zram"}) {
    if (StartsWith(name, other)) return false;
  }
  std::string path = block_folder_ + std::string(name) + "/partition";
  std::replace(path.begin() + static_cast<std::ptrdiff_t>(block_folder_.size()),
               path.end() - static_cast<std::ptrdiff_t>(std::string_view("/partition").size()), '/', '!');
  return access(path.c_str(), F_OK) != 0;
}

void DiskReader::Read(Pass& pass) {
  Reading reading = diskstats_.Read(pass);
  if (!reading.ok()) return;
  for (Scanner line(reading.text); !line.AtEnd(); line.NextLine()) {
    uint64_t number[2];
    uint64_t fields[kFields];
    if (!line.Numbers(number, 2)) continue;
    std::string_view name = line.Word();
    Disk& disk = disks_.At(name, [&] { return Disk{IsShown(name), {}}; });
    if (!disk.shown || !line.Numbers(fields, kFields) || !WasUsed(fields)) continue;
    if (!disk.instance) disk.instance = pass.sink.AddInstance(Entity::kDisk, {{"device", std::string(name)}});
    Row<disk::kColumns> row;
    Fill(row, fields);
    pass.sink.Append(Entity::kDisk, *disk.instance, reading.time_ns, row);
  }
  disks_.Finish([&](const Disk& disk) {
    if (disk.instance) pass.sink.RetireInstance(Entity::kDisk, *disk.instance);
  });
}

}  // namespace nvpulse
