// The followed job: its processes, and counters that hold when processes end. On a made-up /proc with known
// answers, then on processes of our own, which the kernel's accounting (getrusage) speaks for too.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "check.h"
#include "collector.h"
#include "fixture.h"
#include "readers/host.h"
#include "readers/process.h"
#include "stand_in.h"

using namespace nvpulse;

namespace {

constexpr TierMask kMediumTier = static_cast<TierMask>(Tier::kMedium);

/// Reads all that is due and returns the job's row, or nullptr where there is none.
const Collector::Reported* ReadJob(HostReader& reader, Collector& rows, TierMask due = kAllTiers) {
  rows.Clear();
  reader.Read(due, rows);
  return rows.Only(Entity::kJob);
}

/// The same at a medium pass: at the first one that the job isn't left out of.
const Collector::Reported* ReadMediumJob(HostReader& reader, Collector& rows) {
  for (;;) {
    if (const Collector::Reported* job = ReadJob(reader, rows, kMediumTier)) return job;
  }
}

double Seconds(double ticks) { return ticks / static_cast<double>(sysconf(_SC_CLK_TCK)); }

double PagesInMiB(double pages) { return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1048576; }

std::string Stat(int pid, const std::string& name, int parent, const std::string& times, int start) {
  return std::to_string(pid) + " (" + name + ") S " + std::to_string(parent) + " 1 1 0 -1 0 1 2 3 4 " +
         times + " 20 0 1 0 " + std::to_string(start) + " 1000 100 0\n";
}

/// Live processes of the only job that is followed.
std::vector<int> PidsOf(const HostReader& reader) {
  return reader.Processes().size() == 1 ? reader.Processes()[0].pids : std::vector<int>{-1};
}

bool Has(const std::vector<int>& pids, int pid) {
  return std::find(pids.begin(), pids.end(), pid) != pids.end();
}

}  // namespace

TEST(AStatFileIsParsedWhateverTheName) {
  ProcessStat stat;
  EXPECT(ParseStat(
      "7 (a) b (\n) R 3 7 7 0 -1 0 1 2 3 4 11 12 13 14 20 -5 2 0 555 4096 99 18446744073709551615 1", &stat));
  EXPECT_EQ(stat.name, "a) b (\n");
  EXPECT_EQ(stat.state, 'R');
  EXPECT_EQ(stat.parent, 3u);
  EXPECT_EQ(stat.user, 11u);
  EXPECT_EQ(stat.system, 12u);
  EXPECT_EQ(stat.children_user, 13u);
  EXPECT_EQ(stat.children_system, 14u);
  EXPECT_EQ(stat.threads, 2u);
  EXPECT_EQ(stat.start, 555u);
  EXPECT_EQ(stat.rss_pages, 99u);
  EXPECT(!ParseStat("", &stat));
  EXPECT(!ParseStat("7 (a", &stat));
  EXPECT(!ParseStat("7 (a) R 3 7", &stat));
}

TEST(AJobIsTheSumOfItsTree) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  EXPECT(reader.Processes().empty());
  EXPECT(reader.Follow({"j-1", 100, ""}));
  Collector rows;
  const Collector::Reported* job = ReadJob(reader, rows);
  if (!EXPECT(job != nullptr)) return;
  EXPECT_EQ(rows.Identity(job->instance, "id"), "j-1");
  EXPECT_EQ(rows.Identity(job->instance, "tracking"), "tree");
  EXPECT_NEAR(job->values[job::cpu_user_time__s], Seconds(200 + 1000 + 40 + 30 + 7), 1e-9);
  EXPECT_NEAR(job->values[job::cpu_system_time__s], Seconds(100 + 500 + 10 + 20 + 3), 1e-9);
  EXPECT_NEAR(job->values[job::cpu_time__s], Seconds(1910), 1e-9);
  EXPECT_EQ(job->values[job::io_read__B],
            1000015.0);  // What the supervisor had read itself is not the job's.
  EXPECT_EQ(job->values[job::io_write__B], 2000026.0);
  EXPECT_NEAR(job->values[job::memory_rss_sum__MiB], PagesInMiB(25600 + 2560), 1e-9);
  EXPECT_EQ(job->values[job::process_num], 2.0);  // A zombie does not live.
  EXPECT_EQ(job->values[job::thread_num], 6.0);
  EXPECT(PidsOf(reader) == (std::vector<int>{101, 103}));
}

TEST(EachLiveProcessHasARow) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j-1", 100, ""});
  Collector rows;
  ReadJob(reader, rows);
  EXPECT_EQ(rows.Of(Entity::kProcess).size(), 2u);
  const Collector::Reported* first = rows.Find(Entity::kProcess, "pid", "101");
  if (!EXPECT(first != nullptr)) return;
  EXPECT_EQ(rows.Identity(first->instance, "name"), "a) (b");
  EXPECT_NEAR(first->values[process::cpu_time__s], Seconds(1500), 1e-9);
  EXPECT_NEAR(first->values[process::cpu_user_time__s], Seconds(1000), 1e-9);
  EXPECT_NEAR(first->values[process::cpu_system_time__s], Seconds(500), 1e-9);
  EXPECT_EQ(first->values[process::io_read__B], 1000000.0);
  EXPECT_EQ(first->values[process::io_write__B], 2000000.0);
  EXPECT_NEAR(first->values[process::memory_rss__MiB], PagesInMiB(25600), 1e-9);
  EXPECT_EQ(first->values[process::thread_num], 2.0);
}

TEST(PeaksAreTheKernelsAndStay) {
  Fixture fixture("job");
  fixture.Write("proc/101/status", "Name:\ta) (b\nVmPeak:\t  999999 kB\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  ReadJob(reader, rows);
  fixture.Write("proc/101/stat", Stat(101, "a) (b", 100, "1000 500 40 10", 5001));
  const Collector::Reported* job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::memory_rss_sum__MiB], PagesInMiB(100 + 2560), 1e-9);
  EXPECT_EQ(job->values[job::memory_rss_peak__MiB], 200.0);
  const Collector::Reported* first = rows.Find(Entity::kProcess, "pid", "101");
  EXPECT_NEAR(first->values[process::memory_rss__MiB], PagesInMiB(100), 1e-9);
}

TEST(SharedPagesAreDividedWhereThatIsCheap) {
  Fixture fixture("job");
  fixture.Write("proc/101/smaps_rollup", "0-1 ---p 0 00:00 0 [rollup]\nRss:\t 900 kB\nPss:\t 512 kB\nPss_Dirty:\t 1 kB\n");
  fixture.Write("proc/103/smaps_rollup", "0-1 ---p 0 00:00 0 [rollup]\nRss:\t 900 kB\nPss:\t 1536 kB\n");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  EXPECT_EQ(ReadJob(reader, rows)->values[job::memory_pss__MiB], 2.0);
  // 4 GiB are a million pages.
  fixture.Write("proc/101/stat", "101 (a) (b) S 100 1 1 0 -1 0 1 2 3 4 1000 500 40 10 20 0 1 0 5001 1000 1048576 0\n");
  EXPECT_EQ(ReadJob(reader, rows)->status[job::memory_pss__MiB], kTooCostly);
}

TEST(AnOutlierSwitchesSharedPagesOffForAWhileOnly) {
  Fixture fixture("job");
  // A line that is long makes the first reading dear, as a machine that is busy may.
  const std::string text = "Pss:\t 512 kB\n";
  fixture.Write("proc/101/smaps_rollup", std::string(64 << 20, ' ') + "\n" + text);
  fixture.Write("proc/103/smaps_rollup", text);
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  ReadJob(reader, rows);
  fixture.Write("proc/101/smaps_rollup", text);
  EXPECT_EQ(ReadJob(reader, rows)->status[job::memory_pss__MiB], kTooCostly);
  for (int i = 0; i < 1000 && ReadJob(reader, rows)->status[job::memory_pss__MiB] != kOk; i++) {
  }
  EXPECT_EQ(ReadJob(reader, rows)->values[job::memory_pss__MiB], 1.0);
}

TEST(WhatHasNotExecutedIsNoneOfTheJob) {
  Fixture fixture("job");
  for (int pid : {101, 103}) {
    fixture.Write("proc/" + std::to_string(pid) + "/stat", Stat(pid, "nvpulse-superv", 100, "0 0 0 0", 5000 + pid));
  }
  fixture.Write("proc/100/stat", Stat(100, "nvpulse-superv", 1, "0 0 0 0", 4000));
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  const Collector::Reported* job = ReadJob(reader, rows);
  for (int column : {job::memory_rss_sum__MiB, job::memory_rss_peak__MiB, job::memory_pss__MiB, job::process_num}) {
    EXPECT_EQ(job->status[column], kNotDue);
  }
  fixture.Write("proc/101/stat", Stat(101, "train", 100, "0 0 0 0", 5101));
  EXPECT_NEAR(ReadJob(reader, rows)->values[job::memory_rss_sum__MiB], PagesInMiB(100), 1e-9);
  EXPECT_EQ(rows.Only(Entity::kJob)->values[job::process_num], 1.0);
}

TEST(WithoutChildrenFilesAllProcessesAreLookedAt) {
  Fixture fixture("job");
  for (const char* file : {"100/task/100", "101/task/101", "101/task/105", "102/task/102", "103/task/103"}) {
    fixture.Remove(std::string("proc/") + file + "/children");
  }
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  const Collector::Reported* job = ReadJob(reader, rows);
  EXPECT_EQ(job->values[job::process_num], 2.0);
  EXPECT_NEAR(job->values[job::cpu_time__s], Seconds(1910), 1e-9);
}

TEST(AWaitedForProcessIsCountedOnce) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  ReadJob(reader, rows);
  // 103 ends with 10 ticks more, its parent waits for it.
  fixture.Write("proc/103/stat", "");
  fixture.Write("proc/101/task/105/children", "");
  fixture.Write("proc/101/stat", Stat(101, "a) (b", 100, "1000 500 57 13", 5001));
  fixture.Write("proc/101/io", "read_bytes: 1000005\nwrite_bytes: 2000006\n");
  const Collector::Reported* job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::cpu_user_time__s], Seconds(1287), 1e-9);
  EXPECT_EQ(job->values[job::io_read__B], 1000015.0);
  EXPECT_EQ(job->values[job::process_num], 1.0);
}

TEST(CountersOutliveProcessesNobodyWaitedFor) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  ReadJob(reader, rows);
  // 101 and 103 end; the supervisor ignored SIGCHLD, so that the kernel forgets them. 102 goes on.
  for (const char* pid : {"101", "103"}) fixture.Write(std::string("proc/") + pid + "/stat", "");
  fixture.Write("proc/100/task/100/children", "102 ");
  const Collector::Reported* job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::cpu_time__s], Seconds(1910), 1e-9);
  EXPECT_EQ(job->values[job::io_read__B], 1000015.0);
  EXPECT_EQ(job->values[job::process_num], 0.0);
  EXPECT_EQ(job->values[job::memory_rss_sum__MiB], 0.0);
  // Of what was seen, 1000 + 7 + 30 user ticks are known; growth beyond shows.
  fixture.Write("proc/102/stat", Stat(102, "gone", 100, "1030 20 0 0", 5002));
  job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::cpu_user_time__s], Seconds(1000 + 7 + 1030), 1e-9);
}

TEST(APidThatIsUsedAgainIsAnotherProcess) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  ReadJob(reader, rows);
  uint32_t before = rows.Find(Entity::kProcess, "pid", "103")->instance;
  fixture.Write("proc/103/stat", Stat(103, "other", 101, "2 1 0 0", 6000));
  const Collector::Reported* job = ReadJob(reader, rows);
  const Collector::Reported* after = rows.Find(Entity::kProcess, "pid", "103");
  if (!EXPECT(after != nullptr)) return;
  EXPECT(after->instance != before);
  EXPECT_EQ(rows.Identity(after->instance, "name"), "other");
  EXPECT_NEAR(after->values[process::cpu_time__s], Seconds(3), 1e-9);
  EXPECT_NEAR(job->values[job::cpu_time__s], Seconds(1910), 1e-9);
}

TEST(ProcessesAreLookedForOnlyWhenOneWasBorn) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  ReadJob(reader, rows);
  fixture.Write("proc/104/stat", Stat(104, "new", 100, "1 1 0 0", 5004));
  fixture.Write("proc/100/task/100/children", "101 102 104 ");
  EXPECT_EQ(ReadMediumJob(reader, rows)->values[job::process_num], 2.0);
  fixture.Write("proc/loadavg", "0.00 0.00 0.00 1/10 104\n");
  EXPECT_EQ(ReadMediumJob(reader, rows)->values[job::process_num], 3.0);
}

TEST(ADearJobIsLeftOutOfMediumPassesButNotOfSlowOnes) {
  StandIn supervisor([](const Line& test) {
    for (int i = 0; i < 200; i++) Fork([] { pause(); });
    test.Say(1);
    pause();
  });
  supervisor.line().Hear();
  HostReader reader;
  reader.Follow({"j", supervisor.pid(), ""});
  Collector rows;
  int slow = 0, medium = 0;
  for (int i = 0; i < 20; i++) {
    slow += ReadJob(reader, rows) != nullptr;
    medium += ReadJob(reader, rows, kMediumTier) != nullptr;
  }
  EXPECT_EQ(slow, 20);
  EXPECT_GE(10, medium);  // Each would have to come a hundred times later than it does.
  EXPECT_EQ(ReadMediumJob(reader, rows)->values[job::process_num], 200.0);
}

TEST(ProcessesAreLookedForOnEachSlowPassAnyway) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  ReadJob(reader, rows);
  fixture.Write("proc/104/stat", Stat(104, "new", 100, "1 1 0 0", 5004));
  fixture.Write("proc/100/task/100/children", "101 102 104 ");
  EXPECT_EQ(ReadJob(reader, rows)->values[job::process_num], 3.0);
}

TEST(AProcessIsNamedOnceItRunsItsProgram) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  fixture.Write("proc/103/stat", Stat(103, "nvpulse-supervi", 101, "7 3 0 0", 5003));
  reader.Follow({"j", 100, ""});
  Collector rows;
  EXPECT_EQ(ReadJob(reader, rows)->values[job::process_num], 1.0);
  EXPECT(rows.Find(Entity::kProcess, "pid", "103") == nullptr);
  fixture.Write("proc/103/stat", Stat(103, "dd", 101, "7 3 0 0", 5003));
  ReadJob(reader, rows);
  const Collector::Reported* row = rows.Find(Entity::kProcess, "pid", "103");
  if (EXPECT(row != nullptr)) EXPECT_EQ(rows.Identity(row->instance, "name"), "dd");
}

TEST(AProcessThatExecutesAnotherProgramIsCalledAsThatIs) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  fixture.Write("proc/103/stat", Stat(103, "bash", 101, "7 3 0 0", 5003));
  reader.Follow({"j", 100, ""});
  Collector rows;
  ReadJob(reader, rows);
  const uint32_t script = rows.Find(Entity::kProcess, "pid", "103")->instance;
  EXPECT_EQ(rows.Identity(script, "name"), "bash");
  fixture.Write("proc/103/stat", Stat(103, "python3", 101, "9 3 0 0", 5003));
  const Collector::Reported* job = ReadJob(reader, rows);
  const Collector::Reported* row = rows.Find(Entity::kProcess, "pid", "103");
  if (!EXPECT(row != nullptr)) return;
  EXPECT_EQ(rows.Identity(row->instance, "name"), "python3");
  EXPECT_EQ(rows.Identity(row->instance, "job"), "j");
  // It is the same process: its counters go on, and the job's do not count it twice.
  EXPECT_NEAR(row->values[process::cpu_time__s], Seconds(12), 1e-9);
  EXPECT_EQ(job->values[job::process_num], 2.0);
  EXPECT(rows.retired == std::vector<uint32_t>{script});
  const uint32_t program = row->instance;
  ReadJob(reader, rows);
  EXPECT_EQ(rows.Find(Entity::kProcess, "pid", "103")->instance, program);
}

TEST(AProcessThatRenamesItselfAtEachTaskIsNoOtherEachTime) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  // The first other name is that of the program that a script executes; those that follow at once are not taken.
  for (const char* name : {"bash", "python3", "ray::a", "ray::b", "ray::c"}) {
    fixture.Write("proc/103/stat", Stat(103, name, 101, "7 3 0 0", 5003));
    ReadJob(reader, rows);
  }
  EXPECT(rows.Find(Entity::kProcess, "name", "python3") != nullptr);
  EXPECT_EQ(rows.retired.size(), 1u);
}

TEST(InstancesRetireWithWhatTheyAreAbout) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  uint32_t job = ReadJob(reader, rows)->instance;
  const uint32_t child = rows.Find(Entity::kProcess, "pid", "103")->instance;
  const uint32_t other = rows.Find(Entity::kProcess, "pid", "101")->instance;
  fixture.Write("proc/103/stat", "");
  ReadJob(reader, rows);
  EXPECT(rows.retired == std::vector<uint32_t>{child});
  rows.retired.clear();
  reader.Unfollow("j");
  ReadJob(reader, rows);
  EXPECT(rows.retired == (std::vector<uint32_t>{other, job}));
  rows.retired.clear();
  ReadJob(reader, rows);
  EXPECT(rows.retired.empty());
  // So it is where the root process ended.
  EXPECT(reader.Follow({"k", 100, ""}));
  job = ReadJob(reader, rows)->instance;
  const size_t all = rows.Of(Entity::kProcess).size() + 1;
  fixture.Write("proc/100/stat", "");
  ReadJob(reader, rows);
  EXPECT_EQ(rows.retired.size(), all);
  EXPECT(std::find(rows.retired.begin(), rows.retired.end(), job) != rows.retired.end());
  reader.Unfollow("k");
  ReadJob(reader, rows);
  EXPECT_EQ(rows.retired.size(), all);
}

TEST(MissingIoAccountingIsAStatus) {
  Fixture fixture("job");
  fixture.Remove("proc/103/io");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  const Collector::Reported* job = ReadJob(reader, rows);
  EXPECT_EQ(job->status[job::io_read__B], kUnsupported);
  EXPECT(std::isnan(job->values[job::io_write__B]));
  EXPECT_EQ(rows.Find(Entity::kProcess, "pid", "103")->status[process::io_read__B], kUnsupported);
  EXPECT_EQ(rows.Find(Entity::kProcess, "pid", "101")->status[process::io_read__B], kOk);
}

TEST(ACgroupTellsMembersAndCpuTime) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, "/cgroup"});
  Collector rows;
  const Collector::Reported* job = ReadJob(reader, rows);
  if (!EXPECT(job != nullptr)) return;
  EXPECT_EQ(rows.Identity(job->instance, "tracking"), "cgroup");
  EXPECT_EQ(job->values[job::cpu_time__s], 0.0);  // Counted from Follow() on.
  EXPECT_EQ(job->values[job::process_num], 2.0);  // The supervisor is not counted, the inner group is.
  EXPECT_EQ(job->values[job::io_read__B], 1000005.0);
  fixture.Write("cgroup/cpu.stat", "usage_usec 3750000\nuser_usec 2500000\nsystem_usec 1250000\n");
  job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::cpu_user_time__s], 0.5, 1e-9);
  EXPECT_NEAR(job->values[job::cpu_time__s], 0.75, 1e-9);
  fixture.Write("cgroup/cpu.stat", "");
  EXPECT_NEAR(ReadJob(reader, rows)->values[job::cpu_time__s], 0.75, 1e-9);
}

TEST(UnfollowingEndsTheRows) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  reader.Follow({"j", 100, ""});
  Collector rows;
  EXPECT(ReadJob(reader, rows) != nullptr);
  reader.Unfollow("another");
  EXPECT(ReadJob(reader, rows) != nullptr);
  reader.Unfollow("j");
  EXPECT(ReadJob(reader, rows) == nullptr);
  EXPECT(reader.Processes().empty());
  EXPECT(reader.Following().empty());
}

TEST(EachJobHasItsOwnRowsOfOneTime) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  EXPECT(reader.Follow({"tree", 100, ""}));
  EXPECT(reader.Follow({"part", 101, ""}));
  Collector rows;
  rows.Clear();
  reader.Read(kAllTiers, rows);
  const Collector::Reported* tree = rows.Find(Entity::kJob, "id", "tree");
  const Collector::Reported* part = rows.Find(Entity::kJob, "id", "part");
  if (!EXPECT(tree != nullptr && part != nullptr)) return;
  EXPECT_EQ(tree->values[job::process_num], 2.0);
  EXPECT_EQ(part->values[job::process_num], 1.0);
  EXPECT_NEAR(part->values[job::cpu_user_time__s], Seconds(40 + 7), 1e-9);
  // A process of both has a row for each, and all are of one time: what ended is told by who is missing at a time.
  std::vector<std::string> owners;
  for (const Collector::Reported* row : rows.Of(Entity::kProcess)) {
    owners.push_back(rows.Identity(row->instance, "pid") + " " + rows.Identity(row->instance, "job"));
    EXPECT_EQ(row->time_ns, tree->time_ns);
  }
  EXPECT(owners == (std::vector<std::string>{"101 tree", "103 tree", "103 part"}));
  EXPECT_EQ(reader.Processes()[0].job, "tree");
  EXPECT(reader.Processes()[1].pids == std::vector<int>{103});
  reader.Unfollow("tree");
  const Collector::Reported* left = ReadJob(reader, rows);
  if (EXPECT(left != nullptr)) EXPECT_EQ(rows.Identity(left->instance, "id"), "part");
}

TEST(AProcessOfItsOwnIsOfTheJobFromNowOn) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  EXPECT(reader.Follow({"own", 101, "", true}));
  Collector rows;
  const Collector::Reported* job = ReadJob(reader, rows);
  if (!EXPECT(job != nullptr)) return;
  EXPECT_EQ(job->values[job::process_num], 2.0);
  EXPECT(PidsOf(reader) == (std::vector<int>{101, 103}));
  // What both used before is not the job's, though it is the processes' own.
  EXPECT_EQ(job->values[job::cpu_time__s], 0.0);
  EXPECT_EQ(job->values[job::io_read__B], 0.0);
  EXPECT_NEAR(rows.Find(Entity::kProcess, "pid", "101")->values[process::cpu_user_time__s], Seconds(1000), 1e-9);
  fixture.Write("proc/101/stat", Stat(101, "a) (b", 100, "1025 500 40 10", 5001));
  fixture.Write("proc/101/io", "read_bytes: 1000300\nwrite_bytes: 2000000\n");
  job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::cpu_user_time__s], Seconds(25), 1e-9);
  EXPECT_EQ(job->values[job::io_read__B], 300.0);
  // The child ends, and the kernel hands what it used to its parent: counted once.
  fixture.Write("proc/103/stat", "");
  fixture.Write("proc/101/task/105/children", "");
  fixture.Write("proc/101/stat", Stat(101, "a) (b", 100, "1025 500 47 13", 5001));
  fixture.Write("proc/101/io", "read_bytes: 1000305\nwrite_bytes: 2000006\n");
  job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::cpu_user_time__s], Seconds(25), 1e-9);
  EXPECT_EQ(job->values[job::io_read__B], 300.0);
  EXPECT_EQ(job->values[job::process_num], 1.0);
  // It ends itself: no rows.
  EXPECT(reader.Following()[0].alive);
  fixture.Write("proc/101/stat", "");
  EXPECT(!reader.Following()[0].alive);
  EXPECT(ReadJob(reader, rows) == nullptr);
  EXPECT_EQ(PidsOf(reader).size(), 0u);
}

TEST(ACgroupAloneIsAJob) {
  Fixture fixture("job");
  fixture.Write("cgroup/cgroup.events", "populated 1\nfrozen 0\n");
  HostReader reader(fixture.root());
  EXPECT(reader.Follow({"c", 0, "/cgroup"}));
  Collector rows;
  const Collector::Reported* job = ReadJob(reader, rows);
  if (!EXPECT(job != nullptr)) return;
  EXPECT_EQ(rows.Identity(job->instance, "tracking"), "cgroup");
  EXPECT_EQ(job->values[job::process_num], 3.0);  // With nobody who only supervises.
  EXPECT_EQ(job->values[job::cpu_time__s], 0.0);
  EXPECT_EQ(job->values[job::io_read__B], 0.0);
  fixture.Write("cgroup/cpu.stat", "usage_usec 3750000\nuser_usec 2500000\nsystem_usec 1250000\n");
  EXPECT_NEAR(ReadJob(reader, rows)->values[job::cpu_time__s], 0.75, 1e-9);
  // One ends whose parent is not of the cgroup, so that nobody of the job has what it read.
  fixture.Write("proc/100/io", "read_bytes: 4500\nwrite_bytes: 8192\n");
  EXPECT_EQ(ReadJob(reader, rows)->values[job::io_read__B], 404.0);
  fixture.Write("proc/100/stat", "");
  fixture.Write("cgroup/cgroup.procs", "101\n");
  EXPECT_EQ(ReadJob(reader, rows)->values[job::io_read__B], 404.0);
  fixture.Write("proc/103/io", "read_bytes: 25\nwrite_bytes: 6\n");
  EXPECT_EQ(ReadJob(reader, rows)->values[job::io_read__B], 424.0);
  EXPECT(reader.Following()[0].alive);
  fixture.Write("cgroup/cgroup.events", "populated 0\nfrozen 0\n");
  EXPECT(!reader.Following()[0].alive);
}

TEST(ACgroupHasOneRowWhateverJobsAreInIt) {
  Fixture fixture("job");
  fixture.Write("cgroup/cgroup.events", "populated 1\nfrozen 0\n");
  fixture.Write("cgroup/cpu.stat", "usage_usec 3000000\nnr_throttled 4\nthrottled_usec 250000\n");
  fixture.Write("cgroup/memory.current", "3145728\n");
  fixture.Write("cgroup/memory.peak", "5242880\n");
  fixture.Write("cgroup/memory.max", "max\n");
  HostReader reader(fixture.root());
  EXPECT(reader.Follow({"one", 0, "/cgroup", false, "/kubepods/pod1"}));
  EXPECT(reader.Follow({"two", 100, "/cgroup", false, "/kubepods/pod1"}));
  EXPECT(reader.Follow({"tree", 100, ""}));
  Collector rows;
  reader.Read(kAllTiers, rows);
  const Collector::Reported* group = rows.Only(Entity::kCgroup);
  if (!EXPECT(group != nullptr)) return;
  EXPECT_EQ(rows.Identity(group->instance, "path"), "/kubepods/pod1");
  EXPECT_EQ(group->time_ns, rows.Of(Entity::kJob)[0]->time_ns);
  EXPECT_NEAR(group->values[cgroup::cgroup_cpu_time__s], 3.0, 1e-9);
  EXPECT_NEAR(group->values[cgroup::cgroup_throttled__s], 0.25, 1e-9);
  EXPECT_EQ(group->values[cgroup::cgroup_memory__MiB], 3.0);
  EXPECT_EQ(group->values[cgroup::cgroup_memory_peak__MiB], 5.0);
  EXPECT_EQ(group->status[cgroup::cgroup_memory_limit__MiB], kUnlimited);
  EXPECT(std::isnan(group->values[cgroup::cgroup_memory_limit__MiB]));
  // The other job keeps the group's instance.
  const uint32_t instance = group->instance;
  reader.Unfollow("one");
  fixture.Write("cgroup/memory.max", "1073741824\n");
  rows.Clear();
  reader.Read(kAllTiers, rows);
  group = rows.Only(Entity::kCgroup);
  if (!EXPECT(group != nullptr)) return;
  EXPECT_EQ(group->instance, instance);
  EXPECT_EQ(group->values[cgroup::cgroup_memory_limit__MiB], 1024.0);
  // Between slow passes the limit is not read.
  reader.Unfollow("tree");
  rows.Clear();
  reader.Read(kMediumTier, rows);
  EXPECT_EQ(rows.Only(Entity::kCgroup)->status[cgroup::cgroup_memory_limit__MiB], kNotDue);
  reader.Unfollow("two");
  rows.Clear();
  reader.Read(kAllTiers, rows);
  EXPECT_EQ(rows.Of(Entity::kCgroup).size(), 0u);
  EXPECT_EQ(std::count(rows.retired.begin(), rows.retired.end(), instance), 1);
}

TEST(ACgroupWithoutControllersTellsWhatItHas) {
  Fixture fixture("job");
  fixture.Write("cgroup/cgroup.events", "populated 1\nfrozen 0\n");
  HostReader reader(fixture.root());
  EXPECT(reader.Follow({"c", 0, "/cgroup", false, "/c"}));
  Collector rows;
  reader.Read(kAllTiers, rows);
  const Collector::Reported* group = rows.Only(Entity::kCgroup);
  if (!EXPECT(group != nullptr)) return;
  EXPECT_EQ(group->values[cgroup::cgroup_cpu_time__s], 3.0);
  EXPECT_EQ(group->status[cgroup::cgroup_throttled__s], kUnsupported);
  EXPECT_EQ(group->status[cgroup::cgroup_memory__MiB], kUnsupported);
  EXPECT_EQ(group->status[cgroup::cgroup_memory_limit__MiB], kUnsupported);
}

TEST(WhatIsNotThereIsNotFollowed) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  EXPECT(!reader.Follow({"j", 998, ""}));
  EXPECT(!reader.Follow({"j", 0, "/nowhere"}));
  EXPECT(!reader.Follow({"j", 102, ""}));  // A zombie has ended.
  EXPECT(reader.Following().empty());
}

TEST(AnotherProcessOfTheSameNumberIsNotIt) {
  Fixture fixture("job");
  HostReader reader(fixture.root());
  EXPECT(reader.Follow({"own", 103, "", true}));
  fixture.Write("proc/103/stat", Stat(103, "other", 1, "2 1 0 0", 9000));
  EXPECT(!reader.Following()[0].alive);
  Collector rows;
  EXPECT(ReadJob(reader, rows) == nullptr);
}

TEST(AnOwnTreeOfTheKernel) {
  StandIn root([](const Line& test) {
    BurnCpu(100'000'000);
    test.Say(1);
    test.Hear();
    waitpid(Fork([] { BurnCpu(200'000'000); }), nullptr, 0);
    BurnCpu(100'000'000);
    test.Say(ChildrenCpu__s());
    test.Hear();
  });
  root.line().Hear();
  HostReader reader;
  EXPECT(reader.Follow({"own", root.pid(), "", true}));
  Collector rows;
  EXPECT_EQ(ReadJob(reader, rows)->values[job::cpu_time__s], 0.0);
  root.line().Say(1);
  const double child = root.line().Hear();
  const Collector::Reported* job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::cpu_time__s], 0.1 + child, 0.031);
  EXPECT_EQ(job->values[job::process_num], 1.0);
  EXPECT_EQ(rows.Identity(rows.Of(Entity::kProcess)[0]->instance, "name"), "stand-in");
  EXPECT(reader.Following()[0].alive);
  root.End();
  EXPECT(!reader.Following()[0].alive);
  EXPECT(ReadJob(reader, rows) == nullptr);
}

TEST(AChildThatEndedIsCountedAsTheKernelDoes) {
  StandIn supervisor([](const Line& test) {
    test.Hear();
    waitpid(Fork([] { BurnCpu(300'000'000); }), nullptr, 0);
    test.Say(ChildrenCpu__s());
    test.Hear();
  });
  HostReader reader;
  reader.Follow({"j", supervisor.pid(), ""});
  Collector rows;
  const Collector::Reported* job = ReadJob(reader, rows);
  EXPECT_EQ(job->values[job::cpu_time__s], 0.0);
  EXPECT_EQ(job->values[job::process_num], 0.0);
  EXPECT_EQ(job->values[job::io_write__B], 0.0);
  supervisor.line().Say(1);
  double used = supervisor.line().Hear();
  EXPECT_GE(used, 0.3);
  job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::cpu_time__s], used, 0.021);  // Two figures, rounded down to 10 ms each.
}

TEST(CountersHoldWhileChildrenComeAndGo) {
  StandIn supervisor([](const Line& test) {
    test.Hear();
    for (int i = 0; i < 100; i++) {
      Fork([] { waitpid(Fork([] { BurnCpu(4'000'000); }), nullptr, 0); });
      if (i % 2 == 1)
        while (waitpid(-1, nullptr, i % 4 == 1 ? WNOHANG : 0) > 0) continue;
    }
    while (waitpid(-1, nullptr, 0) > 0) continue;
    test.Say(ChildrenCpu__s());
    test.Hear();
  });
  HostReader reader;
  reader.Follow({"j", supervisor.pid(), ""});
  std::atomic<double> used{0};
  supervisor.line().Say(1);
  std::thread listener([&] { used = supervisor.line().Hear(); });
  Collector rows;
  double cpu = 0, most = 0;
  while (used == 0) {
    const Collector::Reported* job = ReadMediumJob(reader, rows);
    EXPECT_GE(job->values[job::cpu_time__s], cpu);
    cpu = job->values[job::cpu_time__s];
    most = std::max(most, job->values[job::process_num]);
  }
  listener.join();
  EXPECT_GE(used + 1e-6, cpu);  // Nothing was counted twice.
  EXPECT_GE(most, 1.0);
  EXPECT_NEAR(ReadJob(reader, rows)->values[job::cpu_time__s], used.load(), 0.021);
}

TEST(TouchedMemoryIsResident) {
  StandIn supervisor([](const Line& test) {
    Fork([&] {
      test.Say(getpid());
      test.Hear();
      mmap(nullptr, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
      test.Say(1);
      pause();
    });
    pause();
  });
  std::string pid = std::to_string(static_cast<int>(supervisor.line().Hear()));
  HostReader reader;
  reader.Follow({"j", supervisor.pid(), ""});
  Collector rows;
  double before = ReadJob(reader, rows)->values[job::memory_rss_sum__MiB];
  supervisor.line().Say(1);
  supervisor.line().Hear();
  const Collector::Reported* job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::memory_rss_sum__MiB] - before, 64, 4);
  EXPECT(job->values[job::memory_rss_peak__MiB] >= job->values[job::memory_rss_sum__MiB]);
  const Collector::Reported* process = rows.Find(Entity::kProcess, "pid", pid);
  if (!EXPECT(process != nullptr)) return;
  EXPECT_EQ(process->values[process::memory_rss__MiB], job->values[job::memory_rss_sum__MiB]);
  EXPECT_EQ(rows.Identity(process->instance, "name"), "worker");
}

TEST(OrphansAndChildrenOfThreadsBelongToTheJob) {
  StandIn supervisor([](const Line& test) {
    waitpid(Fork([&] {
              Fork([&] {
                test.Say(getpid());
                pause();
              });
            }),
            nullptr, 0);
    Fork([&] {
      std::thread([&] {
        Fork([&] {
          test.Say(getpid());
          pause();
        });
        pause();
      }).join();
    });
    pause();
  });
  int first = static_cast<int>(supervisor.line().Hear());
  int second = static_cast<int>(supervisor.line().Hear());
  HostReader reader;
  reader.Follow({"j", supervisor.pid(), ""});
  Collector rows;
  // Whoever reads a list of children while it changes may miss one; never twice without a change.
  for (int i = 0; i < 3; i++) ReadJob(reader, rows);
  EXPECT(Has(PidsOf(reader), first));
  EXPECT(Has(PidsOf(reader), second));
  EXPECT_EQ(PidsOf(reader).size(), 3u);
}

TEST(WrittenBytesAreCountedWhoeverWrote) {
  // In the build folder, since file systems in memory (/tmp, often) do not count as storage.
  std::string file = "job_test_written_file";
  StandIn supervisor([&](const Line& test) {
    test.Hear();
    waitpid(Fork([&] {
              waitpid(Fork([&] {
                        std::vector<char> block(1 << 20, 'x');
                        int fd = open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
                        for (int i = 0; i < 16; i++) (void)!write(fd, block.data(), block.size());
                        fsync(fd);
                      }),
                      nullptr, 0);
            }),
            nullptr, 0);
    test.Say(1);
    test.Hear();
  });
  HostReader reader;
  reader.Follow({"j", supervisor.pid(), ""});
  Collector rows;
  ReadJob(reader, rows);
  supervisor.line().Say(1);
  supervisor.line().Hear();
  double written = ReadJob(reader, rows)->values[job::io_write__B];
  struct statfs type{};
  statfs(file.c_str(), &type);
  unlink(file.c_str());
  bool is_disk = type.f_type != TMPFS_MAGIC && type.f_type != OVERLAYFS_SUPER_MAGIC;
  if (!is_disk) std::cout << "     bytes not checked: no disk file system here" << std::endl;
  if (is_disk) EXPECT_NEAR(written, 16 << 20, 0.01 * (16 << 20));
}

TEST(ASupervisorThatEndedLeavesNoRows) {
  StandIn supervisor([](const Line& test) {
    Fork([] { pause(); });
    test.Say(1);
    pause();
  });
  supervisor.line().Hear();
  HostReader reader;
  reader.Follow({"j", supervisor.pid(), ""});
  Collector rows;
  EXPECT(ReadJob(reader, rows) != nullptr);
  EXPECT_EQ(PidsOf(reader).size(), 1u);
  // Ended, but nobody has waited for it: its file can still be read. What it leaves is not the job's any
  // more.
  kill(supervisor.pid(), SIGKILL);
  waitid(P_PID, static_cast<id_t>(supervisor.pid()), nullptr, WEXITED | WNOWAIT);
  EXPECT(ReadJob(reader, rows) == nullptr);
  EXPECT_EQ(rows.Of(Entity::kProcess).size(), 0u);
  supervisor.End();
  EXPECT(ReadJob(reader, rows) == nullptr);
  EXPECT_EQ(reader.Processes().size(), 1u);
  EXPECT_EQ(PidsOf(reader).size(), 0u);
}

TEST(WhatAnotherUserOwnsIsDenied) {
  // As root, from a child that gives its rights up; else init's will do, which is another user's already.
  pid_t other = getuid() == 0 ? getpid() : 1;
  pid_t child = fork();
  if (child == 0) {
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(kNotChecked);
    HostReader reader;
    reader.Follow({"j", other, ""});
    Collector rows;
    const Collector::Reported* job = ReadJob(reader, rows);
    bool ok =
        job != nullptr && job->status[job::io_read__B] == kDenied && job->status[job::cpu_time__s] == kOk;
    _exit(ok ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  bool may_not = WIFEXITED(status) && WEXITSTATUS(status) == kNotChecked;
  if (may_not) std::cout << "     not checked: no other user to become here" << std::endl;
  EXPECT(may_not || status == 0);
}

TEST(ManyProcessesDoNotUseUpTheDescriptors) {
  StandIn supervisor([](const Line& test) {
    for (int i = 0; i < 400; i++) Fork([] { pause(); });
    test.Say(1);
    pause();
  });
  supervisor.line().Hear();
  HostReader reader;
  reader.Follow({"j", supervisor.pid(), ""});
  Collector rows;
  do {  // Until all have named themselves.
    EXPECT_EQ(ReadJob(reader, rows)->values[job::process_num], 400.0);
  } while (rows.Of(Entity::kProcess).size() != 400u);
  int next = open("/dev/null", O_RDONLY | O_CLOEXEC);  // The lowest number that is free.
  close(next);
  EXPECT_GE(next, 512);  // 256 processes keep two each open …
  EXPECT_GE(560, next);  // … and no more do.
}

TEST(ACgroupOfTheKernelTellsTheSame) {
  std::string base =
      access("/sys/fs/cgroup/unified", F_OK) == 0 ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
  std::string folder = base + "/nvpulse-test-" + std::to_string(getpid());
  if (access((base + "/cgroup.procs").c_str(), W_OK) != 0 || mkdir(folder.c_str(), 0755) != 0) {
    std::cout << "     not checked: no cgroup v2 may be made here" << std::endl;
    return;
  }
  StandIn supervisor([&](const Line& test) {
    test.Hear();
    pid_t worker = Fork([&] {
      int procs = open((folder + "/cgroup.procs").c_str(), O_WRONLY);
      (void)!write(procs, "0", 1);
      test.Say(getpid());
      test.Hear();
      BurnCpu(200'000'000);
    });
    waitpid(worker, nullptr, 0);
    test.Say(ChildrenCpu__s());
    test.Hear();
  });
  HostReader reader;
  reader.Follow({"j", supervisor.pid(), folder});
  supervisor.line().Say(1);
  int worker = static_cast<int>(supervisor.line().Hear());
  Collector rows;
  ReadJob(reader, rows);
  EXPECT(PidsOf(reader) == std::vector<int>{worker});
  supervisor.line().Say(1);
  double used = supervisor.line().Hear();
  const Collector::Reported* job = ReadJob(reader, rows);
  EXPECT_NEAR(job->values[job::cpu_time__s], used, 0.01);
  EXPECT_EQ(job->values[job::process_num], 0.0);
  const Collector::Reported* group = rows.Only(Entity::kCgroup);
  if (EXPECT(group != nullptr)) EXPECT_NEAR(group->values[cgroup::cgroup_cpu_time__s], used, 0.01);
  // Once it is removed it says so, and no more.
  EXPECT_EQ(rmdir(folder.c_str()), 0);
  ReadJob(reader, rows);
  group = rows.Only(Entity::kCgroup);
  if (EXPECT(group != nullptr)) EXPECT_EQ(group->status[cgroup::cgroup_cpu_time__s], kGone);
  ReadJob(reader, rows);
  EXPECT(rows.Only(Entity::kCgroup) == nullptr);
  supervisor.End();
}

TEST(OtherThreadsMayFollowAndAsk) {
  StandIn supervisor([](const Line& test) {
    Fork([] { pause(); });
    test.Say(1);
    pause();
  });
  supervisor.line().Hear();
  HostReader reader;
  std::atomic<bool> done{false}, seen{false};
  std::thread host([&] {
    Collector rows;
    while (!done) {
      ReadJob(reader, rows);
      for (const JobProcesses& job : reader.Processes()) seen = seen || job.pids.size() == 1;
    }
  });
  for (int i = 0; i < 100 || !seen; i++) {
    const std::string id = std::to_string(i % 3);
    EXPECT(reader.Follow({id, supervisor.pid(), ""}));
    for (int ask = 0; ask < 10; ask++) {
      const std::vector<FollowedState> jobs = reader.Following();
      EXPECT_EQ(jobs.size(), 1u);
      EXPECT(jobs[0].id == id && jobs[0].alive);
    }
    reader.Unfollow(id);
  }
  done = true;
  host.join();
}
