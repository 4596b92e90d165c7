// The bare sampler: one thread, absolute deadlines, the reads that nvpulse makes at the same times, kept in memory.
//   sampling-loop <interval ns> <seconds> reads|empty
// Prints {"ticks","missed","cpu__s","lateness__us":{"p50","p99","max"}}; CPU and lateness from the second tick on.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "bare_nvml.h"
#include "sampler/clock.h"

namespace {

constexpr int64_t kMedium_ns = 100'000'000;
constexpr int64_t kSlow_ns = 1'000'000'000;
constexpr int kColumns = 18;
constexpr int kKept = 4096;

/// Files kept open and read whole.
class Files {
 public:
  explicit Files(std::initializer_list<const char*> paths) {
    for (const char* path : paths) files_.push_back(open(path, O_RDONLY | O_CLOEXEC));
  }
  void Read() {
    for (int file : files_) {
      off_t at = 0;
      for (ssize_t got = 1; got > 0; at += got) got = std::max<ssize_t>(pread(file, buffer_, sizeof buffer_, at), 0);
    }
  }

 private:
  std::vector<int> files_;
  char buffer_[65536];
};

struct Rows {
  int64_t time_ns[kKept];
  double values[kKept][kColumns];
  uint16_t status[kKept][kColumns];
};

class Machine {
 public:
  void Read(int64_t now_ns, bool medium, bool slow) {
    for (uint32_t i = 0; i < nvml_.count; i++) ReadGpu(i, now_ns, slow);
    if (medium) medium_.Read();
    if (slow) {
      slow_.Read();
      struct statvfs space;
      statvfs("/", &space);
    }
  }

 private:
  void ReadGpu(uint32_t index, int64_t now_ns, bool slow) {
    const bare::Device device = nvml_.devices[index];
    Rows& rows = rows_[index];
    const int at = static_cast<int>(kept_[index]++ % kKept);
    rows.time_ns[at] = now_ns;
    double* values = rows.values[at];
    bare::ReadTwelve(nvml_, device, values, rows.status[at]);
    bare::MemoryV2 memory;
    memory.version = bare::kMemoryV2Version;
    if (nvml_.memory_info(device, &memory) == bare::kSuccess) {
      values[12] = static_cast<double>(memory.used);
      values[13] = static_cast<double>(memory.free);
      values[14] = static_cast<double>(memory.total);
    }
    unsigned long long energy = 0;
    if (nvml_.energy(device, &energy) == bare::kSuccess) values[15] = static_cast<double>(energy) * 1e-3;
    if (!slow) return;
    uint32_t limit = 0;
    if (nvml_.power_limit(device, &limit) == bare::kSuccess) values[16] = limit * 1e-3;
    constexpr uint32_t kEntry__B = 24;  // of the _v2 form
    char processes[64 * kEntry__B];
    uint32_t count = 64;
    if (nvml_.compute_processes(device, &count, processes) == bare::kSuccess) values[17] = count;
    count = 64;
    nvml_.graphics_processes(device, &count, processes);
  }

  bare::Nvml nvml_ = bare::Open();
  std::vector<Rows> rows_{nvml_.count};
  uint64_t kept_[bare::kMaxDevices] = {};
  Files medium_{"/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io", "/proc/stat",
                "/proc/meminfo",      "/proc/diskstats",       "/proc/self/net/dev"};
  Files slow_{"/proc/loadavg", "/proc/self/statm"};
};

void SleepUntil(int64_t deadline_ns) {
  const timespec until = {deadline_ns / 1'000'000'000, deadline_ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) != 0) {
  }
}

double Share(const std::vector<int64_t>& sorted_ns, double share) {
  if (sorted_ns.empty()) return 0;
  return static_cast<double>(sorted_ns[static_cast<size_t>(share * static_cast<double>(sorted_ns.size() - 1))]) * 1e-3;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int64_t interval_ns = std::atoll(argv[1]);
  const int64_t ticks = static_cast<int64_t>(std::atof(argv[2]) * 1e9) / interval_ns;
  Machine* machine = std::strcmp(argv[3], "reads") == 0 ? new Machine : nullptr;
  prctl(PR_SET_TIMERSLACK, 1UL);
  std::vector<int64_t> lateness_ns;
  lateness_ns.reserve(static_cast<size_t>(ticks));
  int64_t missed = 0;
  int64_t deadline_ns = nvpulse::MonotonicNs();
  int64_t medium_ns = 0;
  int64_t slow_ns = 0;
  int64_t cpu_ns = 0;
  for (int64_t tick = 0; tick <= ticks; tick += 1) {
    SleepUntil(deadline_ns);
    const int64_t now_ns = nvpulse::MonotonicNs();
    if (tick > 0) lateness_ns.push_back(now_ns - deadline_ns);
    const bool medium = deadline_ns - medium_ns >= kMedium_ns;
    const bool slow = deadline_ns - slow_ns >= kSlow_ns;
    if (medium) medium_ns = deadline_ns;
    if (slow) slow_ns = deadline_ns;
    if (machine) machine->Read(now_ns, medium, slow);
    const int64_t late = (nvpulse::MonotonicNs() - deadline_ns) / interval_ns;
    missed += late;
    tick += late;
    deadline_ns += (late + 1) * interval_ns;
    if (cpu_ns == 0) cpu_ns = nvpulse::ReadClock(CLOCK_THREAD_CPUTIME_ID);
  }
  cpu_ns = nvpulse::ReadClock(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
  std::sort(lateness_ns.begin(), lateness_ns.end());
  std::printf("{\"ticks\":%zu,\"missed\":%lld,\"cpu__s\":%.9f,\"lateness__us\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}}\n",
              lateness_ns.size(), static_cast<long long>(missed), static_cast<double>(cpu_ns) * 1e-9,
              Share(lateness_ns, 0.5), Share(lateness_ns, 0.99), Share(lateness_ns, 1));
}
