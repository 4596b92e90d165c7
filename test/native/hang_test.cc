// A driver call that never returns: the sampler goes on without that device, and ends in time.
#include <cstdlib>
#include <map>

#include "asked.h"
#include "check.h"
#include "sampler/clock.h"
#include "sampler/sampler.h"

using namespace nvpulse;

namespace {

void Pause__ms(long ms) {
  const timespec time{ms / 1000, (ms % 1000) * 1'000'000};
  nanosleep(&time, nullptr);
}

}  // namespace

TEST(AHangingCallIsLeftBehind) {
  // Read by the simulator at its first init; this process has one test, so nobody came before.
  setenv("NVPULSE_SIM_FAULTS", "call=DeviceGetTemperature,gpu=1,hang,from=100ms", 1);
  SamplerOptions options;
  options.interval_ns = 5'000'000;
  options.nvml_path = SIMULATOR;
  Sampler sampler(options);
  sampler.Start();
  std::map<uint32_t, uint32_t> rows_after;
  bool stalled = false;
  for (int i = 0; i < 100 && !stalled; i++) {
    Pause__ms(20);
    for (const StoredEvent& event : sampler.Drain().events) stalled = stalled || std::string(event.kind) == "device_stalled";
  }
  EXPECT(stalled);
  EXPECT(Asked(sampler).Done());
  const Drained drained = sampler.Drain();
  const DrainedTable& gpus = drained.tables[static_cast<int>(Entity::kGpu)];
  for (uint32_t row = 0; row < gpus.rows; row++) rows_after[gpus.instance[row]]++;
  EXPECT_EQ(rows_after.size(), 7u);
  // The worker that took over is on the one schedule: it follows a change of the interval.
  sampler.SetInterval(3'600'000'000'000);
  EXPECT(Asked(sampler).Done());
  sampler.Drain();
  const uint64_t ticks = sampler.Stats().ticks;
  sampler.SetInterval(1'000'000);
  while (sampler.Stats().ticks < ticks + 10) Pause__ms(1);
  EXPECT_GE(sampler.Drain().tables[static_cast<int>(Entity::kGpu)].rows, 10u * 7);
  const int64_t begun_ns = MonotonicNs();
  sampler.Stop();
  EXPECT_GE(2'000'000'000, MonotonicNs() - begun_ns);
}
