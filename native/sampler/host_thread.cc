#include "sampler/host_thread.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "sampler/clock.h"

namespace nvpulse {
namespace {

constexpr double kMiB = 1.0 / 1048576;

double OwnRss__MiB() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (!file) return kMissing;
  long size = 0;
  long resident = 0;
  const int fields = std::fscanf(file, "%ld %ld", &size, &resident);
  std::fclose(file);
  return fields == 2 ? static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) * kMiB : kMissing;
}

/// The host has no fast metrics: waking more often would read nothing, at the cost of the GPU thread's whole tick.
int64_t HostInterval(int64_t interval_ns) {
  return interval_ns == 0 ? 0 : std::max(interval_ns, kMediumPeriod_ns);
}

}  // namespace

HostThread::HostThread(bool host, const Machine& machine, int64_t interval_ns, std::shared_ptr<Store> store,
                       std::shared_ptr<SharedProcesses> processes, std::shared_ptr<GpuThread> gpu)
    : host_(host),
      store_(std::move(store)),
      processes_(std::move(processes)),
      gpu_(std::move(gpu)),
      schedule_(HostInterval(interval_ns)),
      reader_("", machine) {
  for (std::atomic<double>& note : notes_) note.store(kMissing, std::memory_order_relaxed);
}

void HostThread::Start() {
  auto self = shared_from_this();
  if (!thread_.Start("nvpulse-host", [self] { self->Work(); })) schedule_.Stop();
}

void HostThread::Stop(int64_t deadline_ns) {
  schedule_.Stop();
  thread_.JoinUntil(deadline_ns);
}

void HostThread::SetInterval(int64_t interval_ns) { schedule_.SetInterval(HostInterval(interval_ns)); }

void HostThread::Note(int column, double value) { notes_[column].store(value, std::memory_order_relaxed); }

void HostThread::Work() {
  agent_ = store_->AddInstance(Entity::kAgent, {});
  TierMask due = 0;
  while (schedule_.Wait(&due)) {
    if (host_) reader_.Read(due, *store_);
    if (IsDue(due, Tier::kMedium)) {
      processes_->Set(reader_.Processes());
      cpu_ns_.store(ThreadCpuNs(), std::memory_order_relaxed);
    }
    if (IsDue(due, Tier::kSlow)) ReadAgent();
    schedule_.Done();
  }
}

void HostThread::ReadAgent() {
  Row<agent::kColumns> row;
  for (int column = 0; column < agent::kColumns; column++) {  // of these, what is read here is set below
    const double noted = notes_[column].load(std::memory_order_relaxed);
    if (std::isnan(noted)) {
      row.Fail(column, kNotNoted);
    } else {
      row.Set(column, noted);
    }
  }
  uint64_t ticks = schedule_.ticks();
  uint64_t late_ticks = schedule_.late_ticks();
  int64_t lateness_ns = schedule_.TakeMaxLateness();
  if (gpu_) {
    ticks = gpu_->schedule().ticks();
    late_ticks += gpu_->schedule().late_ticks();
    lateness_ns = std::max(lateness_ns, gpu_->schedule().TakeMaxLateness());
  }
  row.Set(agent::ticks, static_cast<double>(ticks));
  row.Set(agent::late_ticks, static_cast<double>(late_ticks));
  row.Set(agent::rows_dropped, static_cast<double>(store_->RowsDropped()));
  row.Set(agent::implausible_readings, static_cast<double>(store_->Implausible()));
  row.Set(agent::lateness__us, static_cast<double>(lateness_ns) * 1e-3);
  row.Set(agent::agent_cpu_time__s, static_cast<double>(ReadClock(CLOCK_PROCESS_CPUTIME_ID)) * 1e-9);
  row.Set(agent::agent_memory_rss__MiB, OwnRss__MiB());
  if (std::isnan(row.values[agent::agent_memory_rss__MiB])) row.Fail(agent::agent_memory_rss__MiB, kReadFailed);
  store_->Append(Entity::kAgent, agent_, MonotonicNs(), row);
}

}  // namespace nvpulse
