#include "readers/cgroup.h"

#include <utility>

#include "readers/scanner.h"
#include "readers/units.h"

namespace nvpulse {

namespace {

/// A file of one number of bytes, or of the word "max".
void SetMiB(const Reading& reading, int column, Row<cgroup::kColumns>& row) {
  uint64_t bytes = 0;
  row.Fail(column, reading.ok() ? kReadFailed : reading.status);
  if (!reading.ok()) return;
  if (Scanner(reading.text).Word() == "max") return row.Fail(column, kUnlimited);
  if (Scanner(reading.text).Number(&bytes)) row.Set(column, static_cast<double>(bytes) / kMiB);
}

}  // namespace

CgroupReader::CgroupReader(const std::string& folder, std::string name)
    : folder_(folder),
      name_(std::move(name)),
      cpu_stat_(folder + "/cpu.stat"),
      memory_current_(folder + "/memory.current"),
      memory_peak_(folder + "/memory.peak"),
      memory_max_(folder + "/memory.max") {}

void CgroupReader::Read(Pass& pass, int64_t time_ns) {
  if (is_gone_) return;
  if (!instance_) instance_ = pass.sink.AddInstance(Entity::kCgroup, {{"path", name_}});
  Row<cgroup::kColumns> row;
  ReadCpu(pass, row);
  SetMiB(memory_current_.Read(pass), cgroup::cgroup_memory__MiB, row);
  SetMiB(memory_peak_.Read(pass), cgroup::cgroup_memory_peak__MiB, row);
  if (pass.slow()) SetMiB(memory_max_.Read(pass), cgroup::cgroup_memory_limit__MiB, row);
  if (is_gone_) {
    for (int column = 0; column < cgroup::kColumns; column++) row.Fail(column, kGone);
  }
  pass.sink.Append(Entity::kCgroup, *instance_, time_ns, row);
  if (is_gone_) Retire(pass.sink);
}

void CgroupReader::Retire(RowSink& sink) {
  if (instance_) sink.RetireInstance(Entity::kCgroup, *instance_);
  instance_.reset();
}

// Every cgroup has cpu.stat; only one with the cpu controller has a quota that could throttle it.
void CgroupReader::ReadCpu(Pass& pass, Row<cgroup::kColumns>& row) {
  const Reading reading = cpu_stat_.Read(pass);
  is_gone_ = was_there_ && !reading.ok();
  was_there_ = reading.ok();
  row.Fail(cgroup::cgroup_cpu_time__s, reading.ok() ? kReadFailed : reading.status);
  row.Fail(cgroup::cgroup_throttled__s, reading.ok() ? kUnsupported : reading.status);
  for (Scanner line(reading.text); !line.AtEnd(); line.NextLine()) {
    const std::string_view key = line.Word();
    uint64_t time__us = 0;
    const int column = key == "usage_usec"       ? cgroup::cgroup_cpu_time__s
                       : key == "throttled_usec" ? cgroup::cgroup_throttled__s
                                                 : kNoColumn;
    if (column != kNoColumn && line.Number(&time__us)) row.Set(column, static_cast<double>(time__us) * 1e-6);
  }
}

}  // namespace nvpulse
