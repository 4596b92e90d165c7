// What is believed, and what becomes of what is not: rows through the store, as every reader appends them.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "check.h"
#include "sampler/store.h"

using namespace nvpulse;

namespace {

constexpr int64_t kMs = 1'000'000;
constexpr double kBoard__W = 103;

/// One GPU, or one host, read at times of the test's own.
template <int Columns>
class Subject {
 public:
  explicit Subject(Entity entity) : entity_(entity), instance_(store_.AddInstance(entity, {})) {}

  Store& store() { return store_; }
  uint32_t instance() const { return instance_; }

  /// The status of what was read; `value` is what was handed out.
  Status Read(int column, double raw, int64_t time_ns) {
    Row<Columns> row;
    row.Set(column, raw);
    store_.Append(entity_, instance_, time_ns, row);
    value = row.values[column];
    return row.status[column];
  }

  /// Events of a kind so far; the text of the latest is in `text`.
  int Events(const std::string& kind) {
    for (const StoredEvent& event : store_.Drain().events) {
      counts_[event.kind]++;
      text = event.text;
      EXPECT_EQ(event.instance, static_cast<int64_t>(instance_));
    }
    return counts_[kind];
  }

  double value = 0;
  std::string text;

 private:
  Store store_;
  Entity entity_;
  uint32_t instance_;
  std::map<std::string, int> counts_;
};

struct Gpu : Subject<gpu::kColumns> {
  Gpu() : Subject(Entity::kGpu) { store().SetBoardPower(instance(), kBoard__W); }
};
struct Host : Subject<host::kColumns> {
  Host() : Subject(Entity::kHost) { store().SetCpus(2); }
};

}  // namespace

TEST(ALevelBeyondItsBoundsIsAbsentAndTold) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::gpu_utilization__pct, 4294967295.0, 0), kImplausible);
  EXPECT(std::isnan(gpu.value));
  EXPECT_EQ(gpu.store().Implausible(), 1u);
  EXPECT_EQ(gpu.Events("implausible_reading"), 1);
  EXPECT_EQ(gpu.text, "gpu_utilization__pct read 4294967295; possible is 0 to 200");
  EXPECT_EQ(gpu.Read(gpu::gpu_utilization__pct, 40, kMs), kOk);
  EXPECT_EQ(gpu.value, 40.0);
  EXPECT_EQ(gpu.Read(gpu::gpu_temperature__C, kMissing, 2 * kMs), kImplausible);
}

TEST(NothingIsDroppedThatCanBe) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::fan_speed__pct, 105, 0), kOk);
  EXPECT_EQ(gpu.Read(gpu::gpu_utilization__pct, 150, 0), kOk);
  EXPECT_EQ(gpu.Read(gpu::power_draw__W, 1.5 * kBoard__W, 0), kOk);
  EXPECT_EQ(gpu.Read(gpu::power_draw__W, 3 * kBoard__W, 0), kOk);
  EXPECT_EQ(gpu.Read(gpu::power_draw__W, 3.01 * kBoard__W, 0), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::gpu_temperature__C, 120, 0), kOk);
}

TEST(ADeviceThatLiesAtEachTickDoesNotFlood) {
  Gpu gpu;
  for (int i = 0; i < 1000; i++) gpu.Read(gpu::fan_speed__pct, 65535, i * kMs);
  EXPECT_EQ(gpu.store().Implausible(), 1000u);
  EXPECT_EQ(gpu.Events("implausible_reading"), 6);  // 1, 2, 3, 10, 100, 1000
  EXPECT_EQ(gpu.text, "fan_speed__pct read 65535; possible is 0 to 300 (1000 times so far)");
}

TEST(OneZeroOfACounterIsNoReset) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::energy__J, 98'769e6, 0), kOk);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 0, 100 * kMs), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 98'769e6 + 20, 200 * kMs), kOk);
  EXPECT_EQ(gpu.value, 98'769e6 + 20);
  EXPECT_EQ(gpu.Events("counter_reset"), 0);
  EXPECT_EQ(gpu.Events("implausible_reading"), 1);
  EXPECT_EQ(gpu.text, "energy__J read 0; possible is 98769000000 to 98769000339.9");
  EXPECT_EQ(gpu.store().Implausible(), 1u);
}

TEST(AZeroThatComesFirstMakesNoEnergy) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::energy__J, 0, 0), kOk);
  for (int i = 1; i < 3; i++) EXPECT_EQ(gpu.Read(gpu::energy__J, 98'769e6 + i, i * 100 * kMs), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 98'769e6 + 3, 300 * kMs), kOk);
  EXPECT_EQ(gpu.value, 2.0);  // since the first of those that agree
}

TEST(AFallThatStaysIsAReset) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::energy__J, 5000, 0), kOk);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 7, 100 * kMs), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 17, 200 * kMs), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 27, 300 * kMs), kOk);
  EXPECT_EQ(gpu.value, 27.0);
  EXPECT_EQ(gpu.Events("counter_reset"), 1);
  EXPECT_EQ(gpu.text, "energy__J began again: from 5000 to 7");
  EXPECT_EQ(gpu.Events("implausible_reading"), 0);
  EXPECT_EQ(gpu.store().Implausible(), 0u);
}

TEST(AResetThatIsReadSeldomCostsOneReading) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::energy__J, 5000, 0), kOk);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 7, 60'000 * kMs), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 17, 120'000 * kMs), kOk);
  EXPECT_EQ(gpu.value, 17.0);
  EXPECT_EQ(gpu.Events("counter_reset"), 1);
}

TEST(ASeldomReadZeroIsNoReset) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::energy__J, 5000, 0), kOk);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 0, 60'000 * kMs), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 5900, 120'000 * kMs), kOk);
  EXPECT_EQ(gpu.value, 5900.0);
  EXPECT_EQ(gpu.Events("counter_reset"), 0);
}

TEST(ZerosForAShortWhileAreNoResetHoweverManyAreRead) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::energy__J, 5000, 0), kOk);
  for (int ms = 1; ms <= 80; ms++) EXPECT_EQ(gpu.Read(gpu::energy__J, 0, ms * kMs), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 5008, 81 * kMs), kOk);
  EXPECT_EQ(gpu.value, 5008.0);
}

TEST(AJumpIsInNoDifference) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::energy__J, 1000, 0), kOk);
  for (int i = 1; i < 3; i++) EXPECT_EQ(gpu.Read(gpu::energy__J, 3.6e6 + 10 * i, i * 100 * kMs), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 3.6e6 + 30, 300 * kMs), kOk);
  EXPECT_EQ(gpu.value, 1020.0);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 3.6e6 + 40, 400 * kMs), kOk);
  EXPECT_EQ(gpu.value, 1030.0);
  EXPECT_EQ(gpu.Events("implausible_reading"), 1);
  EXPECT_EQ(gpu.text, "energy__J stays where it jumped, from 1000 to 3600010: the jump is left out");
  // A reset after it is a fall, or at least no growth.
  for (int i = 5; i < 7; i++) EXPECT_EQ(gpu.Read(gpu::energy__J, 2000, i * 100 * kMs), kImplausible);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 2000, 700 * kMs), kOk);
  EXPECT_EQ(gpu.value, 1030.0);
}

TEST(ASlowCounterThatIsReadFastLosesNothing) {
  // 300 W of a board that may draw 103 W: three times as much, refreshed each 100 ms, and each second.
  for (const int64_t refresh_ms : {100, 1000}) {
    Gpu gpu;
    for (int64_t ms = 0; ms < 5000; ms++) {
      const double energy__J = 300 * static_cast<double>(ms / refresh_ms * refresh_ms) * 1e-3;
      EXPECT_EQ(gpu.Read(gpu::energy__J, energy__J, ms * kMs), kOk);
      EXPECT_EQ(gpu.value, energy__J);
    }
  }
}

TEST(GrowthOverAGapIsBelieved) {
  Gpu gpu;
  EXPECT_EQ(gpu.Read(gpu::energy__J, 0, 0), kOk);
  EXPECT_EQ(gpu.Read(gpu::energy__J, 200 * 3600.0, 3'600'000 * kMs), kOk);
}

TEST(StealThatSwingsAddsUpToNothing) {
  Host host;
  double grown = 0, before = 1000;
  for (int i = 0; i <= 40; i++) {
    const bool up = i % 2 == 0;
    EXPECT_EQ(host.Read(host::cpu_steal__s, up ? 1000 : 600, i * 100 * kMs), up ? kOk : kImplausible);
    if (up) grown += std::max(0.0, host.value - std::exchange(before, host.value));
  }
  EXPECT_EQ(grown, 0.0);
  EXPECT_EQ(host.Events("counter_reset"), 0);
}

TEST(StealThatSwingsSlowlyAddsUpToNothing) {
  Host host;
  double grown = 0, before = kMissing;
  for (int i = 0; i <= 100; i++) {
    if (host.Read(host::cpu_steal__s, (i / 10) % 2 == 0 ? 1000 : 600, i * 100 * kMs) != kOk) continue;
    if (host.value > before) grown += host.value - before;
    before = host.value;
  }
  EXPECT_EQ(grown, 0.0);
}

TEST(TheBoundsOfCpuTimeFollowTheCpusThatAreOnline) {
  Host host;
  // The machine that the test runs on may have more than the 2 of the host.
  const int cpus = static_cast<int>(std::max(2L, sysconf(_SC_NPROCESSORS_ONLN)));
  const double beyond = 100 + 2 * cpus + 1;  // each can have 2 s in 1 s and a refresh
  EXPECT_EQ(host.Read(host::cpu_busy__s, 100, 0), kOk);
  EXPECT_EQ(host.Read(host::cpu_busy__s, beyond, 1000 * kMs), kImplausible);
  host.store().SetCpus(2 * cpus);
  EXPECT_EQ(host.Read(host::cpu_busy__s, beyond, 1000 * kMs), kOk);
}

TEST(WhatCpusDidBeforeTheyWentOfflineIsBelieved) {
  Host host;
  EXPECT_EQ(host.Read(host::cpu_busy__s, 100, 0), kOk);
  host.store().SetCpus(1);
  EXPECT_EQ(host.Read(host::cpu_busy__s, 103.5, 1000 * kMs), kOk);  // of the 2 that there were
}

TEST(ABusyTimeOf32BitsBeginsAgainWithoutAReset) {
  Subject<disk::kColumns> disk(Entity::kDisk);
  EXPECT_EQ(disk.Read(disk::disk_busy__s, 4294967.2, 0), kOk);
  EXPECT_EQ(disk.Read(disk::disk_busy__s, 0.1, 1000 * kMs), kOk);
  EXPECT_NEAR(disk.value, 4294967.396, 1e-6);
  EXPECT_EQ(disk.Events("counter_reset"), 0);
}

TEST(AShareIsOfTheCpusThatAreOnline) {
  Host host;
  Row<host::kColumns> row;
  for (int i = 0; i < 2; i++) {
    row.Set(host::cpu_busy__s, 10 + i * 2.0);
    host.store().Append(Entity::kHost, host.instance(), i * 1000 * kMs, row);
  }
  EXPECT_EQ(row.values[host::cpu_utilization__pct], 100.0);  // 2 s of 2 CPUs
  host.store().SetCpus(4);
  row.Set(host::cpu_busy__s, 14);
  host.store().Append(Entity::kHost, host.instance(), 2000 * kMs, row);
  EXPECT_EQ(row.values[host::cpu_utilization__pct], 50.0);
}
