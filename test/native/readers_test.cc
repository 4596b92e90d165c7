// The host's readers: against files made up to be odd, with known answers, and against this machine.
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "check.h"
#include "collector.h"
#include "fixture.h"
#include "readers/filesystem.h"
#include "readers/gpu_processes.h"
#include "readers/host.h"
#include "readers/proc_file.h"
#include "readers/scanner.h"
#include "sampler/clock.h"
#include "stand_in.h"

using namespace nvpulse;

namespace {

constexpr TierMask kMediumTier = static_cast<TierMask>(Tier::kMedium);
constexpr TierMask kSlowTier = static_cast<TierMask>(Tier::kSlow);
constexpr TierMask kFastTier = static_cast<TierMask>(Tier::kFast);

const Collector::Reported* ReadHost(HostReader& reader, Collector& rows, TierMask due = kAllTiers) {
  rows.Clear();
  reader.Read(due, rows);
  return rows.Only(Entity::kHost);
}

}  // namespace

TEST(ScannerTakesWordsAndNumbersLineByLine) {
  Scanner line("a  17\t x9 99999999999999999999 18446744073709551615\n\nlast: 3.07");
  uint64_t number = 0;
  EXPECT_EQ(line.Word(), "a");
  EXPECT(line.Number(&number));
  EXPECT_EQ(number, 17u);
  EXPECT(!line.Number(&number));
  EXPECT_EQ(line.Word(), "x9");
  EXPECT(!line.Number(&number));  // More than 64 bits.
  line.Word();
  EXPECT(line.Number(&number));
  EXPECT_EQ(number, UINT64_MAX);
  EXPECT_EQ(line.Word(), "");
  EXPECT(!line.AtEnd());
  line.NextLine();
  EXPECT_EQ(line.Until(':'), "");
  line.NextLine();
  EXPECT_EQ(line.Until('%'), "");
  EXPECT_EQ(line.Until(':'), "last");
  double decimal = 0;
  EXPECT(line.Decimal(&decimal));
  EXPECT_NEAR(decimal, 3.07, 1e-12);
  line.NextLine();
  EXPECT(line.AtEnd());
}

TEST(CpuTimesFollowTheirDefinitions) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  const Collector::Reported* host = ReadHost(reader, rows);
  if (!EXPECT(host != nullptr)) return;
  double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_NEAR(host->values[host::cpu_busy__s], 1710 * tick, 1e-9);  // user nice system irq softirq steal
  EXPECT_NEAR(host->values[host::cpu_user__s], 1200 * tick, 1e-9);
  EXPECT_NEAR(host->values[host::cpu_system__s], 430 * tick, 1e-9);
  EXPECT_NEAR(host->values[host::cpu_iowait__s], 500 * tick, 1e-9);
  EXPECT_NEAR(host->values[host::cpu_steal__s], 80 * tick, 1e-9);
  EXPECT_EQ(host->values[host::context_switches], 9007199254740992.0);
  EXPECT_EQ(host->status[host::context_switches], kOk);
  EXPECT_EQ(host->values[host::load_1min], 123.45);
  EXPECT_EQ(host->status[host::cpu_utilization__pct], kNotDue);  // The sink's.
  EXPECT_EQ(rows.Of(Entity::kCore).size(), 3u);
  const Collector::Reported* core = rows.Find(Entity::kCore, "core", "2");
  if (EXPECT(core != nullptr)) EXPECT_NEAR(core->values[core::core_busy__s], 705 * tick, 1e-9);
}

TEST(IowaitNeverFalls) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  double before = ReadHost(reader, rows)->values[host::cpu_iowait__s];
  fixture.Write("proc/stat", "cpu 1001 200 300 40000 499 60 70 80 900 90\n");
  const Collector::Reported* host = ReadHost(reader, rows);
  EXPECT_EQ(host->values[host::cpu_iowait__s], before);
  EXPECT_EQ(host->status[host::context_switches], kReadFailed);  // No such line any more.
}

TEST(CpusComeAndGo) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  reader.Read(kMediumTier, rows);
  uint32_t second = rows.Find(Entity::kCore, "core", "2")->instance;
  uint32_t last = rows.Find(Entity::kCore, "core", "11")->instance;
  std::string host = "cpu 1 1 1 1 1 1 1 1 1 1\n", zero = "cpu0 1 0 0 0 0 0 0 0\n",
              one = "cpu1 2 0 0 0 0 0 0 0\n", two = "cpu2 3 0 0 0 0 0 0 0\n",
              eleven = "cpu11 4 0 0 0 0 0 0 0\n";
  fixture.Write("proc/stat", host + zero + one + eleven);
  rows.Clear();
  reader.Read(kMediumTier, rows);
  EXPECT_EQ(rows.Of(Entity::kCore).size(), 3u);
  EXPECT_EQ(rows.cpus, 3);
  EXPECT(rows.Find(Entity::kCore, "core", "1") != nullptr);
  EXPECT(rows.Find(Entity::kCore, "core", "2") == nullptr);
  EXPECT(rows.retired == std::vector<uint32_t>{second});
  EXPECT_EQ(rows.Find(Entity::kCore, "core", "11")->instance, last);
  fixture.Write("proc/stat", host + zero + one + two + eleven);
  rows.Clear();
  reader.Read(kMediumTier, rows);
  EXPECT_EQ(rows.Of(Entity::kCore).size(), 4u);
  EXPECT_EQ(rows.cpus, 4);
  EXPECT(rows.Find(Entity::kCore, "core", "2")->instance != second);
  EXPECT_EQ(rows.Find(Entity::kCore, "core", "11")->instance, last);
}

TEST(PressureIsTheTotalOfSome) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  const Collector::Reported* host = ReadHost(reader, rows);
  EXPECT_NEAR(host->values[host::cpu_stalled__s], 12.345678, 1e-9);
  EXPECT_EQ(host->status[host::cpu_stalled__s], kOk);
  EXPECT_EQ(host->status[host::memory_stalled__s], kUnsupported);
  EXPECT_EQ(host->status[host::io_stalled__s], kReadFailed);
  EXPECT(std::isnan(host->values[host::memory_stalled__s]));
}

TEST(AFileThatAppearsIsReadFromTheNextSlowPassOn) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  fixture.Write("proc/pressure/memory", "some avg10=0 avg60=0 avg300=0 total=500000\n");
  EXPECT_EQ(ReadHost(reader, rows, kMediumTier)->status[host::memory_stalled__s], kUnsupported);
  EXPECT_EQ(ReadHost(reader, rows, kAllTiers)->values[host::memory_stalled__s], 0.5);
}

TEST(MemoryIsInMiB) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  reader.Read(kMediumTier, rows);
  const Collector::Reported* row = rows.Only(Entity::kMemory);
  if (!EXPECT(row != nullptr)) return;
  EXPECT_EQ(row->values[memory::memory_total__MiB], 16000.0);
  EXPECT_EQ(row->values[memory::memory_available__MiB], 12000.0);
  EXPECT_EQ(row->values[memory::memory_used__MiB], 4000.0);
  EXPECT_EQ(row->values[memory::swap_used__MiB], 500.0);
}

TEST(MemoryFiguresThatAKernelLacksAreUnsupported) {
  Fixture fixture("odd");
  fixture.Write("proc/meminfo", "MemTotal: 1024 kB\nMemFree: 1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
  HostReader reader(fixture.root());
  Collector rows;
  reader.Read(kMediumTier, rows);
  const Collector::Reported* row = rows.Only(Entity::kMemory);
  EXPECT_EQ(row->values[memory::memory_total__MiB], 1.0);
  EXPECT_EQ(row->status[memory::memory_available__MiB], kUnsupported);
  EXPECT_EQ(row->status[memory::memory_used__MiB], kUnsupported);
  EXPECT_EQ(row->values[memory::swap_used__MiB], 0.0);
  EXPECT_EQ(row->status[memory::swap_used__MiB], kOk);
}

TEST(OnlyWholeDisksThatWereUsedAreListed) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  reader.Read(kMediumTier, rows);
  EXPECT_EQ(rows.Of(Entity::kDisk).size(), 4u);
  const Collector::Reported* sda = rows.Find(Entity::kDisk, "device", "sda");
  if (!EXPECT(sda != nullptr)) return;
  EXPECT_EQ(sda->values[disk::disk_read__B], 2000.0 * 512);
  EXPECT_EQ(sda->values[disk::disk_write__B], 4000.0 * 512);
  EXPECT_EQ(sda->values[disk::disk_reads], 100.0);
  EXPECT_EQ(sda->values[disk::disk_writes], 200.0);
  EXPECT_EQ(sda->values[disk::disk_busy__s], 1.5);
  EXPECT_EQ(sda->values[disk::disk_queue], 3.0);
  EXPECT(rows.Find(Entity::kDisk, "device", "cciss/c0d0") != nullptr);
  EXPECT(rows.Find(Entity::kDisk, "device", "md0") != nullptr);
  const Collector::Reported* nvme = rows.Find(Entity::kDisk, "device", "nvme0n1");
  if (!EXPECT(nvme != nullptr)) return;
  EXPECT_EQ(nvme->values[disk::disk_reads], 18446744073709551616.0);
  EXPECT_EQ(nvme->values[disk::disk_read__B], 4503599627370497.0 * 512);
}

TEST(ADiskThatComesBackIsANewInstance) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  std::string sdb = "8 16 sdb 1 0 8 0 0 0 0 0 0 0 0\n", sdc = "8 32 sdc 2 0 8 0 0 0 0 0 0 0 0\n";
  Collector rows;
  fixture.Write("proc/diskstats", sdb + sdc);
  reader.Read(kMediumTier, rows);
  uint32_t first_sdb = rows.Find(Entity::kDisk, "device", "sdb")->instance;
  uint32_t first_sdc = rows.Find(Entity::kDisk, "device", "sdc")->instance;
  fixture.Write("proc/diskstats", sdc);
  rows.Clear();
  reader.Read(kMediumTier, rows);
  EXPECT_EQ(rows.Of(Entity::kDisk).size(), 1u);
  EXPECT(rows.retired == std::vector<uint32_t>{first_sdb});
  fixture.Write("proc/diskstats", sdb + sdc);
  rows.Clear();
  reader.Read(kMediumTier, rows);
  EXPECT(rows.Find(Entity::kDisk, "device", "sdb")->instance != first_sdb);
  EXPECT_EQ(rows.Find(Entity::kDisk, "device", "sdc")->instance, first_sdc);
}

TEST(InterfacesButTheLoopbackAreListed) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  reader.Read(kMediumTier, rows);
  EXPECT_EQ(rows.Of(Entity::kNetwork).size(), 2u);
  const Collector::Reported* eth0 = rows.Find(Entity::kNetwork, "interface", "eth0");
  const Collector::Reported* bridge = rows.Find(Entity::kNetwork, "interface", "br-0123456789ab");
  if (!EXPECT(eth0 != nullptr && bridge != nullptr)) return;
  EXPECT_EQ(eth0->values[network::network_receive__B], 1234567890123.0);
  EXPECT_EQ(eth0->values[network::network_transmit__B], 42.0);
  EXPECT_EQ(bridge->values[network::network_transmit__B], 18446744073709551616.0);
}

TEST(AnInterfaceThatGoesRetires) {
  Fixture fixture("odd");
  const std::string eth0 = "eth0: 1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n", veth = "veth1: 3 1 0 0 0 0 0 0 4 1 0 0 0 0 0 0\n";
  fixture.Write("proc/self/net/dev", veth + eth0);
  HostReader reader(fixture.root());
  Collector rows;
  reader.Read(kMediumTier, rows);
  const uint32_t gone = rows.Find(Entity::kNetwork, "interface", "veth1")->instance;
  fixture.Write("proc/self/net/dev", eth0);
  rows.Clear();
  reader.Read(kMediumTier, rows);
  EXPECT_EQ(rows.Of(Entity::kNetwork).size(), 1u);
  EXPECT(rows.retired == std::vector<uint32_t>{gone});
}

TEST(AProcessOnAGpuRetiresOnceItIsGoneOrCalledOtherwise) {
  GpuProcessReader reader;
  Collector rows;
  GpuProcess script, other;
  script.pid = 7;
  script.name = "bash";
  other.pid = 8;
  const auto read = [&](const std::vector<GpuProcess>& processes) {
    rows.Clear();
    rows.retired.clear();
    reader.Append(processes, {}, 0, "GPU-0", 1, rows);
    return rows.Of(Entity::kGpuProcess);
  };
  const uint32_t as_script = read({script, other})[0]->instance;
  script.name = "python3";
  const uint32_t as_program = read({script, other})[0]->instance;
  EXPECT_EQ(rows.Identity(as_program, "name"), "python3");
  EXPECT(rows.retired == std::vector<uint32_t>{as_script});
  // Where the name cannot be read it stays.
  script.name = "";
  EXPECT_EQ(read({script, other})[0]->instance, as_program);
  EXPECT(rows.retired.empty());
  EXPECT_EQ(read({other}).size(), 1u);
  EXPECT(rows.retired == std::vector<uint32_t>{as_program});
}

TEST(LocalFileSystemsAreListedOnceADevice) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  reader.Read(kSlowTier, rows);
  EXPECT_EQ(rows.Of(Entity::kFilesystem).size(), 4u);
  EXPECT(rows.Find(Entity::kFilesystem, "type", "overlay") != nullptr);
  EXPECT(rows.Find(Entity::kFilesystem, "mount", "/data") != nullptr);
  EXPECT(rows.Find(Entity::kFilesystem, "mount", "/tank/a") != nullptr);
  const Collector::Reported* odd = rows.Find(Entity::kFilesystem, "mount", "/mnt/with blank\\");
  if (!EXPECT(odd != nullptr)) return;
  EXPECT_EQ(rows.Identity(odd->instance, "device"), "/dev/mapper/a b");
  EXPECT_EQ(odd->status[filesystem::used__MiB], kUnsupported);  // No such folder in the fixture.
  EXPECT(std::isnan(odd->values[filesystem::used__pct]));
  const Collector::Reported* root = rows.Find(Entity::kFilesystem, "mount", "/");
  if (!EXPECT(root != nullptr)) return;
  struct statvfs space{};
  statvfs(fixture.root().c_str(), &space);
  double unit = static_cast<double>(space.f_frsize) / 1048576;
  double used = static_cast<double>(space.f_blocks - space.f_bfree) * unit;
  double free = static_cast<double>(space.f_bavail) * unit;
  EXPECT_NEAR(root->values[filesystem::used__MiB], used, 64);  // Others write here meanwhile.
  EXPECT_NEAR(root->values[filesystem::free__MiB], free, 64);
  EXPECT_NEAR(root->values[filesystem::used__pct], 100 * used / (used + free), 0.5);
}

TEST(AFileThatIsMountedIsNoFileSystem) {
  Fixture fixture("odd");
  fixture.Write("etc/hosts", "");
  fixture.Write("proc/self/mountinfo",
                "22 1 0:50 / / rw - overlay overlay rw\n"
                "25 22 8:1 /docker/1/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
                "26 22 8:17 /docker/2/hosts /etc/hosts rw - ext4 /dev/sdb1 rw\n"
                "27 22 8:17 /volumes/1 /var/lib/state rw - ext4 /dev/sdb1 rw\n");
  HostReader reader(fixture.root());
  Collector rows;
  reader.Read(kSlowTier, rows);
  EXPECT_EQ(rows.Of(Entity::kFilesystem).size(), 2u);
  EXPECT(rows.Find(Entity::kFilesystem, "mount", "/") != nullptr);
  const Collector::Reported* state = rows.Find(Entity::kFilesystem, "mount", "/var/lib/state");
  if (EXPECT(state != nullptr)) EXPECT_EQ(rows.Identity(state->instance, "device"), "/dev/sdb1");
}

TEST(TheMachineWhoseRootIsMountedSomewhereIsNamedAsItNamesItself) {
  Fixture fixture("odd");
  fixture.Write("host/data/x", "");
  fixture.Write("hosts/x", "");
  fixture.Write("proc/self/mountinfo",
                "22 1 0:50 / / rw - overlay overlay rw\n"
                "25 22 8:1 /docker/1/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
                "26 22 8:33 /volumes/1 /var/lib/state rw - ext4 /dev/sdc1 rw\n"
                "27 22 8:49 / /hosts rw - ext4 /dev/sdd1 rw\n"
                "30 22 8:1 / /host ro - ext4 /dev/sda1 rw\n"
                "31 30 8:33 / /host/data ro - xfs /dev/sdc1 rw\n"
                "32 30 0:60 / /host/mnt/server ro - nfs4 server:/export rw\n"
                "33 30 0:65 / /host/var/lib/docker/overlay2/x/merged ro - overlay overlay rw\n");
  HostReader reader(fixture.root(), {"/host", "node-7"});
  Collector rows;
  reader.Read(kAllTiers, rows);
  EXPECT_EQ(rows.Of(Entity::kFilesystem).size(), 2u);
  const Collector::Reported* root = rows.Find(Entity::kFilesystem, "mount", "/");
  if (EXPECT(root != nullptr)) EXPECT_EQ(rows.Identity(root->instance, "device"), "/dev/sda1");
  const Collector::Reported* data = rows.Find(Entity::kFilesystem, "mount", "/data");
  if (EXPECT(data != nullptr)) EXPECT_EQ(data->status[filesystem::used__MiB], kOk);
  EXPECT(rows.Find(Entity::kHost, "name", "node-7") != nullptr);
}

TEST(TiersDecideWhichRowsAppear) {
  Fixture fixture("odd");
  HostReader reader(fixture.root());
  Collector rows;
  reader.Read(kFastTier, rows);
  EXPECT_EQ(rows.rows.size(), 0u);
  EXPECT_EQ(rows.instances.size(), 0u);
  const Collector::Reported* host = ReadHost(reader, rows, kMediumTier);
  EXPECT_EQ(host->status[host::load_1min], kNotDue);
  EXPECT_EQ(host->status[host::cpu_busy__s], kOk);
  EXPECT_EQ(rows.Of(Entity::kFilesystem).size(), 0u);
  host = ReadHost(reader, rows, kSlowTier);
  EXPECT_EQ(host->status[host::load_1min], kOk);
  EXPECT_EQ(host->status[host::cpu_busy__s], kNotDue);
  EXPECT_EQ(rows.Of(Entity::kCore).size(), 0u);
  EXPECT_EQ(rows.Of(Entity::kMemory).size(), 0u);
}

TEST(NoProcfsIsAStatus) {
  HostReader reader("/nowhere");
  Collector rows;
  const Collector::Reported* host = ReadHost(reader, rows);
  if (!EXPECT(host != nullptr)) return;
  EXPECT_EQ(host->status[host::cpu_busy__s], kUnsupported);
  EXPECT_EQ(host->status[host::load_1min], kUnsupported);
  EXPECT_EQ(rows.Only(Entity::kMemory)->status[memory::memory_total__MiB], kUnsupported);
  EXPECT_EQ(rows.rows.size(), 2u);
}

TEST(ALongListIsReadWhole) {
  // The kernel hands out /proc/self/maps a page at a time. Neighbours of unlike protection stay apart in it.
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  char* area = static_cast<char*>(mmap(nullptr, 1000 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (size_t i = 0; i < 1000; i += 2) mprotect(area + i * page, page, PROT_NONE);
  Buffer buffer;
  Reading reading = ProcFile("/proc/self/maps").Read(buffer);
  EXPECT(reading.ok());
  int lines = 0;
  bool has_last = false;
  char last[32];
  snprintf(last, sizeof(last), "%lx-", reinterpret_cast<unsigned long>(area + 999 * page));
  for (Scanner line(reading.text); !line.AtEnd(); line.NextLine()) {
    lines++;
    has_last = has_last || line.Word().substr(0, strlen(last)) == last;
  }
  EXPECT_GE(lines, 1000);
  EXPECT(has_last);
  munmap(area, 1000 * page);
}

TEST(TheTimeOfARowIsThatOfItsReading) {
  HostReader reader;
  Collector rows;
  int64_t before = MonotonicNs();
  reader.Read(kAllTiers, rows);
  int64_t after = MonotonicNs();
  EXPECT_GE(rows.rows.size(), 3u);
  for (const Collector::Reported& row : rows.rows) {
    EXPECT_GE(row.time_ns, before);
    EXPECT_GE(after, row.time_ns);
  }
}

TEST(ThisHostIsReadAsOtherInterfacesTellIt) {
  HostReader reader;
  Collector rows;
  const Collector::Reported* host = ReadHost(reader, rows);
  if (!EXPECT(host != nullptr)) return;
  char name[256] = "";
  gethostname(name, sizeof(name));
  EXPECT_EQ(rows.Identity(host->instance, "name"), name);
  EXPECT_EQ(rows.Of(Entity::kCore).size(), static_cast<size_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  struct sysinfo info{};
  unsigned long before = 0;
  do {  // The load is renewed every five seconds; it must not be between the two.
    sysinfo(&info);
    host = ReadHost(reader, rows);
    before = info.loads[0];
    sysinfo(&info);
  } while (info.loads[0] != before);
  EXPECT_NEAR(host->values[host::load_1min], static_cast<double>(info.loads[0]) / 65536, 0.011);
  const Collector::Reported* memory = rows.Only(Entity::kMemory);
  EXPECT_NEAR(memory->values[memory::memory_total__MiB],
              static_cast<double>(info.totalram) * info.mem_unit / 1048576, 1);

  double busy = host->values[host::cpu_busy__s], user = host->values[host::cpu_user__s];
  double switches = host->values[host::context_switches];
  BurnCpu(300'000'000);
  host = ReadHost(reader, rows);
  EXPECT_GE(host->values[host::cpu_busy__s] - busy, 0.25);
  EXPECT_GE(host->values[host::cpu_user__s] - user, 0.1);
  EXPECT_GE(host->values[host::context_switches], switches + 1);
}

TEST(AMountIsNoticed) {
  // In a child with a mount table of its own; a tmpfs that says it was a device.
  pid_t child = fork();
  if (child == 0) {
    char folder[] = "/tmp/nvpulse-mount-XXXXXX";
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      _exit(kNotChecked);
    HostReader reader;
    Collector rows;
    reader.Read(kSlowTier, rows);
    bool ok = mkdtemp(folder) != nullptr && rows.Find(Entity::kFilesystem, "mount", folder) == nullptr;
    if (mount("/dev/nvpulse-test", folder, "tmpfs", 0, "size=8m") != 0) _exit(kNotChecked);
    rows.Clear();
    reader.Read(kSlowTier, rows);
    const Collector::Reported* row = rows.Find(Entity::kFilesystem, "mount", folder);
    ok = ok && row != nullptr && row->values[filesystem::free__MiB] == 8 &&
         row->values[filesystem::used__pct] == 0;
    const uint32_t mounted = row != nullptr ? row->instance : 0;
    umount(folder);
    rmdir(folder);
    rows.Clear();
    reader.Read(kSlowTier, rows);
    ok = ok && rows.Find(Entity::kFilesystem, "mount", folder) == nullptr &&
         std::count(rows.retired.begin(), rows.retired.end(), mounted) == 1;
    _exit(ok ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  bool may_not = WIFEXITED(status) && WEXITSTATUS(status) == kNotChecked;
  if (may_not) std::cout << "     not checked: only root may mount" << std::endl;
  EXPECT(may_not || status == 0);
}
