// A hundred thousand ticks of the sampler, a quarter of an hour of virtual time: no deadline is missed, no row lost,
// and memory is flat.
#include "check.h"
#include "sampler/clock.h"
#include "sampler/monitor.h"
#include "sampler/sampler.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" size_t __sanitizer_get_current_allocated_bytes();  // not every compiler has the header
#else
#include <malloc.h>
#endif

using namespace nvpulse;

namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kInterval_ns = 10 * kMs;
/// As often as JavaScript does, and not on the threads' grid: who is first at a deadline would be left to chance.
constexpr int64_t kDrain_ns = 250 * kMs;
constexpr int64_t kOffGrid_ns = 5 * kMs;
constexpr int kTicks = 100'000;
constexpr size_t kThreads = 4;  // the GPU thread, its watchdog, the host thread, and this one
constexpr uint32_t kGpus = 8;

int64_t AllocatedBytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return static_cast<int64_t>(__sanitizer_get_current_allocated_bytes());
#else
  return static_cast<int64_t>(mallinfo2().uordblks);
#endif
}

void SleepUntil(int64_t deadline_ns) {
  Monitor monitor;
  MonitorLock lock(monitor);
  monitor.WaitUntil(deadline_ns);
}

uint64_t RowsOf(const Drained& drained, Entity entity) { return drained.tables[static_cast<int>(entity)].rows; }

struct Counts {
  uint64_t gpu = 0;
  uint64_t host = 0;
  uint64_t agent = 0;
  uint64_t dropped = 0;

  void Add(const Drained& drained) {
    gpu += RowsOf(drained, Entity::kGpu);
    host += RowsOf(drained, Entity::kHost);
    agent += RowsOf(drained, Entity::kAgent);
    dropped += drained.dropped;
  }
};

}  // namespace

TEST(MemoryIsFlatOverAHundredThousandTicks) {
  const int64_t start_ns = MonotonicNs();
  SamplerOptions options;
  options.interval_ns = kInterval_ns;
  options.nvml_path = SIMULATOR;
  Sampler sampler(options);
  VirtualTime::Get().SetThreads(kThreads);
  sampler.Start();

  Counts rows;
  int64_t warm_bytes = 0;
  constexpr int kDrains = kTicks * kInterval_ns / kDrain_ns;
  for (int i = 1; i <= kDrains; i++) {
    SleepUntil(start_ns + i * kDrain_ns + kOffGrid_ns);
    rows.Add(sampler.Drain());
    if (i == kDrains / 10) warm_bytes = AllocatedBytes();
  }
  const int64_t grown_bytes = AllocatedBytes() - warm_bytes;
  const SamplerStats stats = sampler.Stats();
  VirtualTime::Get().SetThreads(1);
  sampler.Stop();

  // The reading at the start, and one at each deadline.
  EXPECT_EQ(stats.ticks, kTicks + 1u);
  EXPECT_EQ(rows.gpu, (kTicks + 1u) * kGpus);
  EXPECT_EQ(rows.host, kTicks / 10 + 1u);
  EXPECT_EQ(rows.agent, kTicks / 100 + 1u);
  EXPECT_EQ(rows.dropped, 0u);
  EXPECT_EQ(stats.late_ticks, 0u);
  EXPECT_EQ(stats.lateness_max__us, 0.0);
  std::cout << kTicks << " ticks, " << grown_bytes << " bytes more" << std::endl;
  // Less than a byte a tick: a disk or a file system that comes meanwhile is far below that.
  EXPECT_GE(kTicks / 2, grown_bytes);
}
