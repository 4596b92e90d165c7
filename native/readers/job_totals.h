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

  void Start(const Process& supervisor);
  void Add(const Process& member);
  void Finish(Buffer& buffer);

  /// A member ended: what it was last seen to have used stays.
  void Keep(const Process& member);

  const CpuSeconds& cpu() const { return cpu_; }
  const ProcessIo& io() const { return io_; }

 private:
  /// Ticks in user mode and in the kernel.
  struct Ticks {
    uint64_t user = 0, system = 0;
  };
  void Raise(const CpuSeconds& cpu);
  std::optional<CpuSeconds> ReadCgroup(Buffer& buffer) const;

  std::optional<ProcFile> cpu_stat_;
  std::optional<CpuSeconds> cgroup_before_;
  CpuSeconds cpu_;

  Ticks waited_;  ///< Supervisor's ended children and all that live, with their ended children.
  Ticks seen_;    ///< Each process that was ever seen, alone.
  Ticks ended_;   ///< Of these, those that ended.

  std::optional<ProcessIo> supervisor_before_;
  ProcessIo pass_io_;
  ProcessIo io_;
};

}  // namespace nvpulse
