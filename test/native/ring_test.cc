// The ring between a sampling thread and the drain, and the rates that are filled in on the way.
#include "sampler/ring.h"
#include "sampler/store.h"

#include "check.h"
#include "sampler/rates.h"
#include "sampler/row_sink.h"

using namespace nvpulse;

namespace {

void AppendNumbered(Ring& ring, int from, int to) {
  for (int i = from; i < to; i++) {
    const double values[] = {i * 1.0, i * 10.0};
    const Status status[] = {kOk, static_cast<Status>(i % 7)};
    ring.Append(static_cast<uint32_t>(i), i * 100, values, status);
  }
}

/// Rows `from` … `to` of AppendNumbered, and nothing else.
void ExpectNumbered(const DrainedTable& table, int from, int to) {
  EXPECT_EQ(table.rows, static_cast<uint32_t>(to - from));
  for (uint32_t row = 0; row < table.rows; row++) {
    const int i = from + static_cast<int>(row);
    EXPECT_EQ(table.time[row], i * 100);
    EXPECT_EQ(table.instance[row], static_cast<uint32_t>(i));
    EXPECT_EQ(table.values[row], i * 1.0);
    EXPECT_EQ(table.values[table.rows + row], i * 10.0);
    EXPECT_EQ(table.status[table.rows + row], i % 7);
  }
}

Row<disk::kColumns> DiskRow(double read__B) {
  Row<disk::kColumns> row;
  row.Set(disk::disk_read__B, read__B);
  row.Set(disk::disk_busy__s, read__B * 1e-6);
  return row;
}

}  // namespace

TEST(RingGivesRowsInOrder) {
  Ring ring(2, 8);
  AppendNumbered(ring, 0, 5);
  ExpectNumbered(ring.Drain(), 0, 5);
  EXPECT_EQ(ring.size(), 0u);
  AppendNumbered(ring, 5, 13);
  ExpectNumbered(ring.Drain(), 5, 13);
  EXPECT_EQ(ring.dropped(), 0u);
}

TEST(RingOverwritesTheOldestAndCounts) {
  Ring ring(2, 8);
  AppendNumbered(ring, 0, 21);
  EXPECT_EQ(ring.dropped(), 13u);
  ExpectNumbered(ring.Drain(), 13, 21);
  AppendNumbered(ring, 21, 24);
  ExpectNumbered(ring.Drain(), 21, 24);
  EXPECT_EQ(ring.dropped(), 13u);
}

TEST(EveryRowIsDrainedOrCounted) {
  Ring ring(2, 5);
  uint32_t drained = 0;
  int appended = 0;
  for (int step = 1; step < 40; step++) {
    AppendNumbered(ring, appended, appended + step % 9);
    appended += step % 9;
    if (step % 3 == 0) drained += ring.Drain().rows;
  }
  drained += ring.Drain().rows;
  EXPECT_EQ(drained + ring.dropped(), static_cast<uint64_t>(appended));
}

TEST(RatesNeedTwoReadings) {
  Rates rates(Entity::kDisk);
  auto row = DiskRow(1000);
  rates.Fill(1, 0, row.values, row.status);
  EXPECT_EQ(row.status[disk::disk_read__MBps], kNeedsSecondReading);
  row = DiskRow(3'001'000);
  rates.Fill(1, 1'000'000'000, row.values, row.status);
  EXPECT_EQ(row.status[disk::disk_read__MBps], kOk);
  EXPECT_NEAR(row.values[disk::disk_read__MBps], 3.0, 1e-12);
  EXPECT_NEAR(row.values[disk::disk_busy__pct], 100.0, 1e-9);  // 300 % is cut to what is possible
}

TEST(RatesKeepInstancesApart) {
  Rates rates(Entity::kDisk);
  auto row = DiskRow(0);
  rates.Fill(1, 0, row.values, row.status);
  row = DiskRow(5'000'000);
  rates.Fill(2, 0, row.values, row.status);
  row = DiskRow(2'000'000);
  rates.Fill(1, 1'000'000'000, row.values, row.status);
  EXPECT_NEAR(row.values[disk::disk_read__MBps], 2.0, 1e-12);
}

TEST(AStoreKeepsNothingOfWhatIsRetired) {
  Store store;
  constexpr int kProcesses = 50;
  uint32_t gone = 0;
  for (int round = 0; round < 200; round++) {
    std::vector<uint32_t> living;
    for (int i = 0; i < kProcesses; i++) living.push_back(store.AddInstance(Entity::kDisk, {}));
    for (const uint32_t instance : living) {
      auto row = DiskRow(1000);
      store.Append(Entity::kDisk, instance, 0, row);
      store.RetireInstance(Entity::kDisk, instance);
    }
    const Drained drained = store.Drain();
    EXPECT_EQ(drained.instances.size(), size_t{kProcesses});
    EXPECT_EQ(drained.retired.size(), size_t{kProcesses});
    gone += static_cast<uint32_t>(drained.retired.size());
    EXPECT_EQ(store.InstancesKept(Entity::kDisk), 0u);
  }
  EXPECT_EQ(gone, 200u * kProcesses);
}

TEST(TheRatesOfWhatIsCalledOtherwiseGoOn) {
  Store store;
  const uint32_t old = store.AddInstance(Entity::kDisk, {{"device", std::string("sda")}});
  auto row = DiskRow(0);
  store.Append(Entity::kDisk, old, 0, row);
  const uint32_t instance = store.ReplaceInstance(Entity::kDisk, old, {{"device", std::string("sdb")}});
  EXPECT(instance != old);
  row = DiskRow(2'000'000);
  store.Append(Entity::kDisk, instance, 1'000'000'000, row);
  EXPECT_NEAR(row.values[disk::disk_read__MBps], 2.0, 1e-12);
  EXPECT(store.Drain().retired == std::vector<uint32_t>{old});
}

TEST(RatesWaitForTheirSpan) {
  Rates rates(Entity::kDisk);
  auto row = DiskRow(0);
  rates.Fill(1, 0, row.values, row.status);
  row = DiskRow(1'000);
  rates.Fill(1, 50'000'000, row.values, row.status);
  EXPECT_EQ(row.status[disk::disk_busy__pct], kNotDue);  // steps of 1 ms: 100 ms at least
  EXPECT_EQ(row.status[disk::disk_read__MBps], kOk);
  row = DiskRow(20'000);
  rates.Fill(1, 100'000'000, row.values, row.status);
  EXPECT_NEAR(row.values[disk::disk_busy__pct], 20.0, 1e-9);
}

TEST(RatesBeginAgainWhenACounterFalls) {
  Rates rates(Entity::kDisk);
  auto row = DiskRow(1'000'000);
  rates.Fill(1, 0, row.values, row.status);
  row = DiskRow(1'000);
  rates.Fill(1, 1'000'000'000, row.values, row.status);
  EXPECT_EQ(row.status[disk::disk_read__MBps], kNeedsSecondReading);
  row = DiskRow(1'001'000);
  rates.Fill(1, 2'000'000'000, row.values, row.status);
  EXPECT_NEAR(row.values[disk::disk_read__MBps], 1.0, 1e-12);
}

TEST(RatesOfAMissingCounterAreMissing) {
  Rates rates(Entity::kDisk);
  auto row = DiskRow(0);
  row.Fail(disk::disk_read__B, kDenied);
  rates.Fill(1, 0, row.values, row.status);
  EXPECT_EQ(row.status[disk::disk_read__MBps], kDenied);
  EXPECT(std::isnan(row.values[disk::disk_read__MBps]));
}

TEST(RatesOfJobsProcessesAndCgroupsAreThereAtLongIntervals) {
  constexpr int64_t kSecond = 1'000'000'000;
  for (const int64_t interval : {2 * kSecond, 10 * kSecond}) {
    const double seconds = static_cast<double>(interval / kSecond);
    Rates jobs(Entity::kJob);
    Rates processes(Entity::kProcess);
    Rates cgroups(Entity::kCgroup);
    for (int reading = 0; reading < 2; reading++) {
      const double passed = reading * seconds;
      Row<job::kColumns> job;
      job.Set(job::cpu_time__s, 7 + 1.5 * passed);
      job.Set(job::cpu_user_time__s, 5 + 1.25 * passed);
      job.Set(job::cpu_system_time__s, 2 + 0.25 * passed);
      job.Set(job::io_read__B, 3e6 * passed);
      job.Set(job::io_write__B, 4e6 * passed);
      jobs.Fill(1, reading * interval, job.values, job.status);
      Row<process::kColumns> process;
      process.Set(process::cpu_time__s, 7 + 0.5 * passed);
      process.Set(process::io_write__B, 4e6 * passed);
      processes.Fill(1, reading * interval, process.values, process.status);
      Row<cgroup::kColumns> cgroup;
      cgroup.Set(cgroup::cgroup_cpu_time__s, 100 + 1.5 * passed);
      cgroup.Set(cgroup::cgroup_throttled__s, 0.1 * passed);
      cgroups.Fill(1, reading * interval, cgroup.values, cgroup.status);
      if (reading == 0) continue;
      EXPECT_NEAR(job.values[job::cpus_used], 1.5, 1e-9);
      EXPECT_NEAR(job.values[job::cpus_user], 1.25, 1e-9);
      EXPECT_NEAR(job.values[job::cpus_system], 0.25, 1e-9);
      EXPECT_NEAR(job.values[job::io_read__MBps], 3.0, 1e-9);
      EXPECT_NEAR(job.values[job::io_write__MBps], 4.0, 1e-9);
      EXPECT_NEAR(process.values[process::cpus_used], 0.5, 1e-9);
      EXPECT_NEAR(process.values[process::io_write__MBps], 4.0, 1e-9);
      EXPECT_NEAR(cgroup.values[cgroup::cgroup_cpus_used], 1.5, 1e-9);
      EXPECT_NEAR(cgroup.values[cgroup::cgroup_cpus_throttled], 0.1, 1e-9);
    }
  }
}

TEST(RatesPerCoreAreDivided) {
  Rates rates(Entity::kHost);
  rates.SetCores(4);
  Row<host::kColumns> row;
  row.Set(host::cpu_busy__s, 10);
  rates.Fill(1, 0, row.values, row.status);
  row.Set(host::cpu_busy__s, 12);
  rates.Fill(1, 1'000'000'000, row.values, row.status);
  EXPECT_NEAR(row.values[host::cpu_utilization__pct], 50.0, 1e-9);
}
