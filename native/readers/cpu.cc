// Parses /proc/stat, proc_stat(5). Host thread; owned by HostReader.
#include "readers/cpu.h"

#include <utility>

#include "readers/scanner.h"
#include "readers/units.h"

namespace nvpulse {

namespace {

// The columns after "cpu"; `guest` and `guest_nice` follow, and are within user and nice already.
enum Ticks { kUser, kNice, kSystem, kIdle, kIowait, kIrq, kSoftirq, kSteal, kTicks };

uint64_t SystemTicks(const uint64_t* ticks) { return ticks[kSystem] + ticks[kIrq] + ticks[kSoftirq]; }

uint64_t BusyTicks(const uint64_t* ticks) {
  return ticks[kUser] + ticks[kNice] + SystemTicks(ticks) + ticks[kSteal];
}

/// Ticks of iowait that a move can take back: ten seconds. Whether a longer fall is one is not for this to say.
constexpr uint64_t kTakenBack = 1000;

constexpr int kCpuColumns[] = {host::cpu_busy__s,   host::cpu_user__s,  host::cpu_system__s,
                               host::cpu_iowait__s, host::cpu_steal__s, host::context_switches};

}  // namespace

int64_t CpuReader::Read(Pass& pass, Row<host::kColumns>& host_row) {
  Reading reading = stat_.Read(pass);
  for (int column : kCpuColumns) host_row.Fail(column, reading.ok() ? kReadFailed : reading.status);
  if (!reading.ok()) return reading.time_ns;
  int online = 0;
  for (Scanner line(reading.text); !line.AtEnd(); line.NextLine()) {
    std::string_view key = line.Word();
    uint64_t ticks[kTicks] = {};
    uint64_t number = 0;
    if (key == "cpu") {
      line.Numbers(ticks, kTicks);
      ReadHost(ticks, host_row);
    } else if (key.substr(0, 3) == "cpu" && Scanner(key.substr(3)).Number(&number)) {
      line.Numbers(ticks, kTicks);
      AppendCore(reading, number, ticks, pass.sink);
      online++;
    } else if (key == "ctxt" && line.Number(&number)) {
      host_row.Set(host::context_switches, static_cast<double>(number));
      break;
    }
  }
  cores_.Finish([&](uint32_t instance) { pass.sink.RetireInstance(Entity::kCore, instance); });
  // CPUs come and go; a file without them (gVisor's) tells nothing.
  if (online > 0 && online != std::exchange(online_, online)) pass.sink.SetCpus(online);
  return reading.time_ns;
}

void CpuReader::ReadHost(const uint64_t* ticks, Row<host::kColumns>& host_row) {
  // The kernel takes some iowait back when a waiting task moves to another CPU; a counter must not fall for that.
  if (ticks[kIowait] > iowait_ || iowait_ - ticks[kIowait] > kTakenBack) iowait_ = ticks[kIowait];
  host_row.Set(host::cpu_busy__s, TicksToSeconds(BusyTicks(ticks)));
  host_row.Set(host::cpu_user__s, TicksToSeconds(ticks[kUser] + ticks[kNice]));
  host_row.Set(host::cpu_system__s, TicksToSeconds(SystemTicks(ticks)));
  host_row.Set(host::cpu_iowait__s, TicksToSeconds(iowait_));
  host_row.Set(host::cpu_steal__s, TicksToSeconds(ticks[kSteal]));
}

void CpuReader::AppendCore(const Reading& reading, uint64_t number, const uint64_t* ticks, RowSink& sink) {
  uint32_t instance = cores_.At(
      number, [&] { return sink.AddInstance(Entity::kCore, {{"core", static_cast<double>(number)}}); });
  Row<core::kColumns> row;
  row.Set(core::core_busy__s, TicksToSeconds(BusyTicks(ticks)));
  sink.Append(Entity::kCore, instance, reading.time_ns, row);
}

}  // namespace nvpulse
