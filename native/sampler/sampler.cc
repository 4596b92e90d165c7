#include "sampler/sampler.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "sampler/clock.h"

namespace nvpulse {
namespace {

constexpr int64_t kJoin_ns = 200'000'000;

}  // namespace

Sampler::Sampler(const SamplerOptions& options) : store_(std::make_shared<Store>()) {
  auto processes = std::make_shared<SharedProcesses>();
  if (options.gpu) {
    gpu_ = std::make_shared<GpuThread>(options.nvml_path, options.interval_ns, store_, processes);
  }
  host_ = std::make_shared<HostThread>(options.host, options.machine, options.interval_ns, store_, processes, gpu_);
}

Sampler::~Sampler() { Stop(); }

void Sampler::Start() {
  if (started_) return;
  started_ = true;
  host_->Start();
  if (gpu_) gpu_->Start();
}

void Sampler::SetInterval(int64_t interval_ns) {
  host_->SetInterval(interval_ns);
  if (gpu_) gpu_->schedule().SetInterval(interval_ns);
}

void Sampler::Tick(int64_t timeout_ns, Told told) {
  struct Both {
    std::atomic<int> missing;
    std::atomic<bool> done{true};
    Told told;
  };
  auto both = std::make_shared<Both>();
  both->missing = gpu_ ? 2 : 1;
  both->told = std::move(told);
  const Told one = [both](bool done) {
    if (!done) both->done = false;
    if (--both->missing == 0) both->told(both->done);
  };
  const int64_t deadline_ns = MonotonicNs() + timeout_ns;
  host_->schedule().Ask(deadline_ns, one);
  if (gpu_) gpu_->schedule().Ask(deadline_ns, one);
}

bool Sampler::Follow(Followed followed) { return host_->reader().Follow(std::move(followed)); }

void Sampler::Unfollow(const std::string& id) { host_->reader().Unfollow(id); }

std::vector<FollowedState> Sampler::Following() const { return host_->reader().Following(); }

void Sampler::Note(int column, double value) { host_->Note(column, value); }

Drained Sampler::Drain() { return store_->Drain(); }

GpuInfo Sampler::Gpu() const {
  if (gpu_) return gpu_->Info();
  GpuInfo off;
  off.state = "off";
  off.reason = "GPU metrics were not asked for";
  return off;
}

SamplerStats Sampler::Stats() const {
  SamplerStats stats;
  stats.ticks = host_->schedule().ticks();
  stats.late_ticks = host_->schedule().late_ticks();
  stats.rows_dropped = store_->RowsDropped();
  stats.implausible_readings = store_->Implausible();
  const Histogram* lateness = &host_->schedule().lateness();
  stats.lateness_max__us = static_cast<double>(lateness->Max()) * 1e-3;
  stats.cpu_time__s = static_cast<double>(host_->cpu_ns()) * 1e-9;
  if (gpu_) {
    stats.ticks = gpu_->schedule().ticks();
    stats.late_ticks += gpu_->schedule().late_ticks();
    lateness = &gpu_->schedule().lateness();
    stats.lateness_max__us = std::max(stats.lateness_max__us, static_cast<double>(lateness->Max()) * 1e-3);
    stats.cpu_time__s += static_cast<double>(gpu_->cpu_ns()) * 1e-9;
    for (int call = 0; call < CallLatencies::kCount; call++) {
      const Histogram& latency = gpu_->latencies().of[call];
      if (latency.Count() == 0) continue;
      stats.calls.push_back({CallLatencies::NameOf(call), latency.Count(), latency.Percentile(0.5) * 1e-3,
                             latency.Percentile(0.99) * 1e-3});
    }
  }
  stats.lateness_p50__us = lateness->Percentile(0.5) * 1e-3;
  stats.lateness_p99__us = lateness->Percentile(0.99) * 1e-3;
  return stats;
}

void Sampler::Stop() {
  if (stopped_) return;
  stopped_ = true;
  const int64_t deadline_ns = MonotonicNs() + kJoin_ns;
  // Both are told before either is waited for.
  host_->schedule().Stop();
  if (gpu_) gpu_->Stop(deadline_ns);
  host_->Stop(deadline_ns);
}

}  // namespace nvpulse
