// The sampler's threads over the simulator: schedule, asked readings, ends, hangs; meant for ASan and TSan too.
#include "sampler/sampler.h"

#include <thread>

#include "asked.h"
#include "check.h"
#include "sampler/clock.h"

using namespace nvpulse;

namespace {

constexpr int64_t kMs = 1'000'000;

void Pause(int64_t ns) {
  const timespec time{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  nanosleep(&time, nullptr);
}

SamplerOptions Simulated(int64_t interval_ns) {
  SamplerOptions options;
  options.interval_ns = interval_ns;
  options.nvml_path = SIMULATOR;
  return options;
}

uint32_t RowsOf(const Drained& drained, Entity entity) { return drained.tables[static_cast<int>(entity)].rows; }

}  // namespace

TEST(AskedReadingsAreDoneOnBothThreads) {
  Sampler sampler(Simulated(0));
  sampler.Start();
  for (int i = 0; i < 20; i++) EXPECT(Asked(sampler).Done());
  const Drained drained = sampler.Drain();
  EXPECT_GE(RowsOf(drained, Entity::kGpu), 20u * 8);
  EXPECT_EQ(RowsOf(drained, Entity::kGpu) % 8, 0u);
  EXPECT_GE(RowsOf(drained, Entity::kHost), 20u);
  EXPECT_EQ(std::string(sampler.Gpu().state), "ok");
}

TEST(DrainingWhileSampling) {
  Sampler sampler(Simulated(1 * kMs));
  sampler.Start();
  EXPECT(Asked(sampler).Done());
  uint32_t rows = 0;
  for (int i = 0; i < 50; i++) {
    Pause(2 * kMs);
    rows += RowsOf(sampler.Drain(), Entity::kGpu);
    EXPECT_GE(sampler.Stats().ticks, 1u);
  }
  EXPECT_GE(rows, 8u);
  sampler.Stop();
  sampler.Stop();
  EXPECT_EQ(RowsOf(sampler.Drain(), Entity::kGpu) % 8, 0u);
}

TEST(ManySamplersShareOneNvml) {
  for (int round = 0; round < 20; round++) {
    Sampler first(Simulated(1 * kMs));
    Sampler second(Simulated(1 * kMs));
    first.Start();
    second.Start();
    EXPECT(Asked(second).Done());
    first.Stop();
    EXPECT(Asked(second).Done());
    EXPECT_GE(RowsOf(second.Drain(), Entity::kGpu), 8u);
  }
}

TEST(AReadingThatWasAskedForIsToldOnce) {
  for (int round = 0; round < 20; round++) {
    Asked under_way = [] {
      Sampler sampler(Simulated(0));
      sampler.Start();
      return Asked(sampler);
    }();
    under_way.Done();
    EXPECT_EQ(under_way.told(), 1);
  }
  Sampler sampler(Simulated(0));
  Asked never(sampler, 1);
  EXPECT_EQ(never.told(), 0);
  // It was not started: what is asked again later gives up what nobody waits for any more.
  Asked next(sampler);
  EXPECT_EQ(never.told(), 1);
  EXPECT(!never.Done());
  EXPECT_EQ(next.told(), 0);
  sampler.Stop();
  EXPECT_EQ(next.told(), 1);
  EXPECT(!next.Done());
  Asked late(sampler);
  EXPECT_EQ(late.told(), 1);
  EXPECT(!late.Done());
}

TEST(WhatIsNotedIsInTheAgentsRow) {
  Sampler sampler(Simulated(0));
  sampler.Start();
  const auto read = [&](int column) {
    EXPECT(Asked(sampler).Done());
    const DrainedTable table = std::move(sampler.Drain().tables[static_cast<int>(Entity::kAgent)]);
    const size_t cell = static_cast<size_t>(column + 1) * table.rows - 1;
    return std::make_pair(table.values[cell], table.status[cell]);
  };
  EXPECT_EQ(read(agent::open_jobs).second, kNotNoted);
  EXPECT_EQ(read(agent::agent_memory_rss__MiB).second, kOk);
  std::thread other([&] {
    for (int i = 0; i <= 100; i++) sampler.Note(agent::open_jobs, i);
  });
  EXPECT_EQ(read(agent::rows_dropped).second, kOk);
  other.join();
  EXPECT_EQ(read(agent::open_jobs).first, 100.0);
  sampler.Note(agent::open_jobs, kMissing);
  EXPECT_EQ(read(agent::open_jobs).second, kNotNoted);
}

TEST(NoLibraryIsAState) {
  SamplerOptions options;
  options.nvml_path = "/nowhere/libnvidia-ml.so.1";
  Sampler sampler(options);
  sampler.Start();
  EXPECT(Asked(sampler).Done());
  EXPECT_EQ(std::string(sampler.Gpu().state), "not_nvml");
  EXPECT_GE(RowsOf(sampler.Drain(), Entity::kHost), 1u);
}

TEST(AnotherIntervalBeginsItsGridAtOnce) {
  constexpr TierMask kFastTier = static_cast<TierMask>(Tier::kFast);
  Schedule schedule(3'600'000 * kMs);
  TierMask due = 0;
  EXPECT(schedule.Wait(&due));
  // One that sleeps on the old grid is woken.
  std::thread other([&] { schedule.SetInterval(1 * kMs); });
  EXPECT(schedule.Wait(&due));
  EXPECT_EQ(due, kAllTiers);
  other.join();
  EXPECT(schedule.Wait(&due));
  EXPECT(IsDue(due, Tier::kFast));
  // The same interval keeps its grid: no reading of all tiers.
  schedule.SetInterval(3'600'000 * kMs);
  EXPECT(schedule.Wait(&due));
  schedule.SetInterval(50 * kMs);
  EXPECT(schedule.Wait(&due));
  schedule.SetInterval(50 * kMs);
  EXPECT(schedule.Wait(&due));
  EXPECT_EQ(due, kFastTier);
}

TEST(TheIntervalChangesUnderReadersAndDrains) {
  Sampler sampler(Simulated(3'600'000 * kMs));
  sampler.SetInterval(2 * kMs);  // before the start
  sampler.Start();
  EXPECT(Asked(sampler).Done());
  std::thread changing([&] {
    for (int i = 0; i < 100; i++) {
      sampler.SetInterval((1 + i % 3) * kMs);
      sampler.SetInterval(3'600'000 * kMs);
    }
    sampler.SetInterval(1 * kMs);
  });
  uint32_t rows = 0;
  for (int i = 0; i < 50; i++) {
    EXPECT(Asked(sampler).Done());
    rows += RowsOf(sampler.Drain(), Entity::kGpu);
  }
  changing.join();
  EXPECT_GE(rows, 50u * 8);
  // On the grid of 1 ms from here on: nobody asks any more.
  const uint64_t ticks = sampler.Stats().ticks;
  // A tick counts from its beginning, and stopping may leave the last one short.
  while (sampler.Stats().ticks < ticks + 21) Pause(1 * kMs);
  sampler.Stop();
  EXPECT_GE(RowsOf(sampler.Drain(), Entity::kGpu), 20u * 8);
}
