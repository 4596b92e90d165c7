// The counters of a job, summed over processes that live and that ended. They never fall. One thread at a
// time; owned by JobReader.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "readers/proc_file.h"
#include "readers/process.h"

namespace nvpulse {

struct CpuSeconds {
  double user = 0, system = 0;
};

/// A pass: Start(), Add() for each member, Finish(). Members must be read after those whose children they
/// are, or were: usage moves to the parent when a process ends, and so may be missed once (the next pass has
/// it) but is never counted twice.
class JobTotals {
 public:
  /// With a cgroup its cpu.stat tells the CPU time, from now on; without one ('') the processes do.
  explicit JobTotals(const std::string& cgroup);

  /// `supervisor`: null where there is none beside the members.
  void Start(const Process* supervisor);
  void Add(const Process& member);
  void Finish(Buffer& buffer);

  /// In the place of Finish(): what was added is not the job's, as it was used before.
  void TakeBase();

  /// A member ended: what it was last seen to have used stays. What it moved from and to storage does only without an
  /// heir, a process of the job (or its supervisor) that the kernel adds it to.
  void Keep(const Process& member, bool has_heir);

  const CpuSeconds& cpu() const { return cpu_; }
  const ProcessIo& io() const { return io_; }

 private:
  /// Ticks in user mode and in the kernel.
  struct Ticks {
    uint64_t user = 0, system = 0;
  };
  static CpuSeconds Since(const Ticks& before, const Ticks& now);
  void Raise(const CpuSeconds& cpu);
  std::optional<CpuSeconds> ReadCgroup(Buffer& buffer) const;

  std::optional<ProcFile> cpu_stat_;
  std::optional<CpuSeconds> cgroup_before_;
  CpuSeconds cpu_;

  Ticks waited_;  ///< Supervisor's ended children and all that live, with their ended children.
  Ticks seen_;    ///< Each process that was ever seen, alone.
  Ticks ended_;   ///< Of these, those that ended.
  Ticks waited_before_, seen_before_;

  std::optional<ProcessIo> io_before_;  ///< At the first time that all of it could be read.
  ProcessIo ended_io_;                  ///< Of members that ended without an heir.
  ProcessIo pass_io_;
  ProcessIo io_;
};

}  // namespace nvpulse
