#include "readers/job_memory.h"

#include <algorithm>

#include "readers/scanner.h"
#include "readers/units.h"
#include "sampler/clock.h"

namespace nvpulse {

namespace {

// smaps_rollup walks a process's page tables, and meanwhile the process can map no memory.
constexpr double kMostPss_ns = 1e6;
constexpr double kProcessPss_ns = 20e3;
constexpr double kPagePss_ns = 25;
/// What one reading cost is forgotten by half in 14 slow passes: a moment in which the machine was busy is not for ever.
constexpr double kKept = 0.95;

/// The number of KiB behind a key, in a file of lines "key: number kB".
bool FindKiB(const Reading& reading, std::string_view key, uint64_t* value__KiB) {
  for (Scanner line(reading.text); !line.AtEnd(); line.NextLine()) {
    if (line.Word() == key) return line.Number(value__KiB);
  }
  return false;
}

}  // namespace

void JobMemory::Read(const std::vector<const Process*>& processes, Buffer& buffer) {
  if (processes.empty()) return;
  const auto largest = std::max_element(processes.begin(), processes.end(), [](const Process* a, const Process* b) {
    return a->stat().rss_pages < b->stat().rss_pages;
  });
  ReadPeak(**largest, buffer);
  ReadPss(processes, buffer);
}

void JobMemory::ReadPeak(const Process& process, Buffer& buffer) {
  const Reading reading = ProcFile(root_ + "/proc/" + std::to_string(process.pid()) + "/status").Read(buffer);
  uint64_t peak__KiB = 0;
  if (FindKiB(reading, "VmHWM:", &peak__KiB)) {
    peak_ = {std::max(peak_.value__MiB, static_cast<double>(peak__KiB) / kKiBPerMiB), kOk};
  } else if (peak_.status != kOk) {
    peak_.status = reading.ok() ? kReadFailed : reading.status;
  }
}

void JobMemory::ReadPss(const std::vector<const Process*>& processes, Buffer& buffer) {
  double reckoned_ns = 0;
  for (const Process* process : processes) {
    reckoned_ns += kProcessPss_ns + kPagePss_ns * static_cast<double>(process->stat().rss_pages);
  }
  pss_ = {0, kOk};
  cost_factor_ = std::max(1.0, kKept * cost_factor_);
  if (reckoned_ns * cost_factor_ > kMostPss_ns) {
    pss_.status = kTooCostly;
    return;
  }
  const int64_t begun_ns = ReadClock(CLOCK_THREAD_CPUTIME_ID);
  for (const Process* process : processes) {
    const Reading reading =
        ProcFile(root_ + "/proc/" + std::to_string(process->pid()) + "/smaps_rollup").Read(buffer);
    uint64_t pss__KiB = 0;
    if (FindKiB(reading, "Pss:", &pss__KiB)) {
      pss_.value__MiB += static_cast<double>(pss__KiB) / kKiBPerMiB;
    } else if (reading.status != kGone) {
      pss_.status = reading.ok() ? kReadFailed : reading.status;
    }
  }
  const auto took_ns = static_cast<double>(ReadClock(CLOCK_THREAD_CPUTIME_ID) - begun_ns);
  cost_factor_ = std::max(cost_factor_, took_ns / reckoned_ns);
}

void JobMemory::Fill(Row<job::kColumns>& row) {
  const auto set = [&row](int column, const Figure& figure) {
    if (figure.status == kOk) {
      row.Set(column, figure.value__MiB);
    } else {
      row.Fail(column, figure.status);
    }
  };
  set(job::memory_rss_peak__MiB, peak_);
  set(job::memory_pss__MiB, pss_);
  pss_ = {};
}

}  // namespace nvpulse
