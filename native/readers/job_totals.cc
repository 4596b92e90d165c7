// Sums what a job has used. Host thread; owned by JobReader.
#include "readers/job_totals.h"

#include <algorithm>

#include "readers/scanner.h"
#include "readers/units.h"

namespace nvpulse {

namespace {

/// A sum loses what the kernel did not pass on: then there is nothing that it could tell.
uint64_t Growth(uint64_t before, uint64_t now) { return now > before ? now - before : 0; }

}  // namespace

JobTotals::JobTotals(const std::string& cgroup) {
  if (cgroup.empty()) return;
  cpu_stat_.emplace(cgroup + "/cpu.stat");
  Buffer buffer;
  cgroup_before_ = ReadCgroup(buffer);
}

void JobTotals::Start(const Process* supervisor) {
  waited_ = {};
  seen_ = ended_;
  pass_io_ = ended_io_;
  pass_io_.status = kOk;
  if (supervisor == nullptr) return;
  waited_ = {supervisor->stat().children_user, supervisor->stat().children_system};
  pass_io_.status = supervisor->io().status;
  pass_io_.read__B += supervisor->io().read__B;
  pass_io_.write__B += supervisor->io().write__B;
  // Its children are the job's from the first on: what they moved is not in this.
  if (!io_before_ && pass_io_.status == kOk) io_before_ = supervisor->io();
}

void JobTotals::Add(const Process& member) {
  const ProcessStat& stat = member.stat();
  waited_.user += stat.user + stat.children_user;
  waited_.system += stat.system + stat.children_system;
  seen_.user += stat.user;
  seen_.system += stat.system;
  if (pass_io_.status == kOk) pass_io_.status = member.io().status;
  pass_io_.read__B += member.io().read__B;
  pass_io_.write__B += member.io().write__B;
}

void JobTotals::TakeBase() {
  waited_before_ = waited_;
  seen_before_ = seen_;
  if (pass_io_.status == kOk) io_before_ = pass_io_;
}

void JobTotals::Keep(const Process& member, bool has_heir) {
  ended_.user += member.stat().user;
  ended_.system += member.stat().system;
  if (has_heir || member.io().status != kOk) return;
  ended_io_.read__B += member.io().read__B;
  ended_io_.write__B += member.io().write__B;
}

// Of the two sums each can lack something: the kernel does not pass on the time of children whose parent
// ignores SIGCHLD, and what lived only between two readings was never seen. Neither can have too much; the
// higher one counts.
void JobTotals::Finish(Buffer& buffer) {
  if (cpu_stat_) {
    if (std::optional<CpuSeconds> cpu = ReadCgroup(buffer)) Raise(*cpu);
  } else {
    Raise(Since(waited_before_, waited_));
    Raise(Since(seen_before_, seen_));
  }
  io_.status = pass_io_.status;
  if (io_.status != kOk) return;
  if (!io_before_) io_before_ = pass_io_;
  io_.read__B = std::max(io_.read__B, Growth(io_before_->read__B, pass_io_.read__B));
  io_.write__B = std::max(io_.write__B, Growth(io_before_->write__B, pass_io_.write__B));
}

CpuSeconds JobTotals::Since(const Ticks& before, const Ticks& now) {
  return {TicksToSeconds(Growth(before.user, now.user)), TicksToSeconds(Growth(before.system, now.system))};
}

void JobTotals::Raise(const CpuSeconds& cpu) {
  cpu_.user = std::max(cpu_.user, cpu.user);
  cpu_.system = std::max(cpu_.system, cpu.system);
}

std::optional<CpuSeconds> JobTotals::ReadCgroup(Buffer& buffer) const {
  Reading reading = cpu_stat_->Read(buffer);
  uint64_t user__us = 0, system__us = 0;
  int found = 0;
  for (Scanner line(reading.text); !line.AtEnd(); line.NextLine()) {
    std::string_view key = line.Word();
    if (key == "user_usec") found += line.Number(&user__us);
    if (key == "system_usec") found += line.Number(&system__us);
  }
  if (found != 2) return std::nullopt;
  CpuSeconds before = cgroup_before_.value_or(CpuSeconds());
  return CpuSeconds{static_cast<double>(user__us) * 1e-6 - before.user,
                    static_cast<double>(system__us) * 1e-6 - before.system};
}

}  // namespace nvpulse
