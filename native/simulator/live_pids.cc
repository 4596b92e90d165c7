// Finds the live processes whose environment has NVPULSE_SIM_GPU=<i>[,<j>…], or all that are no kernel threads, by
// reading /proc.
// Thread: any; one scan serves all calls for 100 ms, behind a mutex.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>
#include <mutex>

#include "simulator/library.h"
#include "simulator/processes.h"

namespace nvpulse::simulator {
namespace {

constexpr char kVariable[] = "NVPULSE_SIM_GPU=";
constexpr size_t kVariableLength = sizeof kVariable - 1;
constexpr int64_t kKept__ms = 100;

struct LivePid {
  uint32_t pid;
  uint64_t gpus;  // bit i: device i
};

std::mutex mutex;
LivePid found[kMaxProcesses];
size_t found_count = 0;
int64_t found_at__ms = INT64_MIN / 2;

/** "0,3" as bits. */
uint64_t ParseGpus(const char* text) {
  uint64_t gpus = 0;
  while (*text != '\0') {
    char* end = nullptr;
    const unsigned long index = std::strtoul(text, &end, 10);
    if (end == text) return gpus;
    if (index < kMaxDevices) gpus |= uint64_t{1} << index;
    text = *end == ',' ? end + 1 : end;
  }
  return gpus;
}

/** Reads an environment piece by piece, looking for the variable at the start of an entry. */
uint64_t GpusOf(int file) {
  char buffer[8192];
  size_t held = 0;
  bool at_start = true;  // of an entry
  for (;;) {
    const ssize_t got = read(file, buffer + held, sizeof buffer - 1 - held);
    if (got <= 0 && held == 0) return 0;
    held += got > 0 ? static_cast<size_t>(got) : 0;
    buffer[held] = '\0';
    const char* end = static_cast<const char*>(std::memchr(buffer, '\0', held));
    const bool whole = end != nullptr || got <= 0;
    if (at_start && whole && std::strncmp(buffer, kVariable, kVariableLength) == 0) return ParseGpus(buffer + kVariableLength);
    if (!whole && held < sizeof buffer - 1) continue;
    const size_t used = end != nullptr ? static_cast<size_t>(end - buffer) + 1 : held;
    at_start = end != nullptr;
    held -= used;
    std::memmove(buffer, buffer + used, held);
  }
}

/** Every one, of a process with a command line; kernel threads have none, and zombies. */
uint64_t AnyGpuOf(int file) {
  char first;
  return read(file, &first, 1) == 1 ? UINT64_MAX : 0;
}

uint64_t GpusOf(const char* pid) {
  const bool named = library.options().processes == ProcessSource::kEnviron;
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%.20s/%s", pid, named ? "environ" : "cmdline");
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const uint64_t gpus = named ? GpusOf(file) : AnyGpuOf(file);
  close(file);
  return gpus;
}

void Scan() {
  found_count = 0;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return;
  for (const dirent* entry = readdir(proc); entry != nullptr; entry = readdir(proc)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || found_count == std::size(found)) continue;
    const uint64_t gpus = GpusOf(entry->d_name);
    if (gpus != 0) found[found_count++] = {static_cast<uint32_t>(std::strtoul(entry->d_name, nullptr, 10)), gpus};
  }
  closedir(proc);
  std::sort(found, found + found_count, [](const LivePid& a, const LivePid& b) { return a.pid < b.pid; });
}

}  // namespace

size_t LivePids(uint32_t index, uint32_t* pids) {
  const std::lock_guard<std::mutex> lock(mutex);
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  const int64_t now__ms = static_cast<int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1000000;
  if (now__ms - found_at__ms >= kKept__ms) {
    Scan();
    found_at__ms = now__ms;
  }
  size_t count = 0;
  for (size_t i = 0; i < found_count; i++) {
    if (found[i].gpus >> index & 1) pids[count++] = found[i].pid;
  }
  return count;
}

}  // namespace nvpulse::simulator
