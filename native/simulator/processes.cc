// Shares out what a device does over its processes: process k of n gets 2(k + 1) / n(n + 1) of it, rounded
// down, so that no two are alike and together they stay within the device's own figures.
#include "simulator/processes.h"

#include "simulator/library.h"

namespace nvpulse::simulator {
namespace {

// Above 4194304, the largest pid Linux gives: never a process of this machine.
constexpr uint32_t kComputePid = 5000000;
constexpr uint32_t kGraphicsPid = 6000000;
constexpr uint32_t kPidsPerDevice = 1000;
constexpr uint64_t kMiB = 1048576;
constexpr uint64_t kNotAvailable = UINT64_MAX;

uint64_t ShareOf(int64_t whole, size_t k, size_t n) { return static_cast<uint64_t>(whole) * 2 * (k + 1) / (n * (n + 1)); }

uint64_t UsedBy(const Device& device, uint64_t used__MiB) {
  return device.board().hides_process_memory ? kNotAvailable : used__MiB * kMiB;
}

int64_t Level(const Device& device, Channel channel, uint64_t at__ms) {
  return device.Status(channel) == kSuccess ? device.Compute(channel, at__ms) : 0;
}

/** So many pids of the profile's, from `first` on, or of live processes, fewer where there are not so many. */
size_t Pids(const Device& device, size_t count, uint32_t first, uint32_t* pids) {
  if (library.options().processes == ProcessSource::kProfile) {
    for (size_t k = 0; k < count; k++) pids[k] = first + kPidsPerDevice * device.index() + static_cast<uint32_t>(k);
    return count;
  }
  uint32_t live[kMaxProcesses];
  const size_t found = LivePids(device.index(), live);
  const size_t shown = count < found ? count : found;
  for (size_t k = 0; k < shown; k++) pids[k] = live[(device.index() + k) % found];
  return shown;
}

size_t ComputePids(const Device& device, uint64_t at__ms, uint32_t* pids) {
  if (library.options().processes == ProcessSource::kEnviron) return LivePids(device.index(), pids);
  return Pids(device, static_cast<size_t>(device.Compute(Channel::kProcesses, at__ms)), kComputePid, pids);
}

size_t Graphics(const Device& device, Process* processes) {
  if (library.options().processes == ProcessSource::kEnviron) return 0;
  uint32_t pids[kMaxProcesses];
  const size_t count = Pids(device, device.board().graphics_processes, kGraphicsPid, pids);
  for (size_t k = 0; k < count; k++) processes[k] = {pids[k], UsedBy(device, 32 * (k + 1)), 1, 1, 0, 0};
  return count;
}

}  // namespace

uint64_t ProcessesRefreshedAt__us(const Device& device, uint64_t now__ns) {
  return device.RefreshedAt(Channel::kProcesses, now__ns / 1000000) * 1000;
}

size_t ListProcesses(const Device& device, ProcessKind kind, uint64_t now__ns, Process* processes) {
  if (kind == ProcessKind::kMps) return 0;
  if (kind == ProcessKind::kGraphics) return Graphics(device, processes);
  const uint64_t at__ms = ProcessesRefreshedAt__us(device, now__ns) / 1000;
  uint32_t pids[kMaxProcesses];
  const size_t n = ComputePids(device, at__ms, pids);
  const int64_t used__MiB = Level(device, Channel::kMemoryUsed, at__ms);
  const int64_t sm__pct = Level(device, Channel::kGpuUtilization, at__ms);
  const int64_t memory__pct = Level(device, Channel::kMemoryUtilization, at__ms);
  const int64_t encoder__pct = Level(device, Channel::kEncoderUtilization, at__ms);
  const int64_t decoder__pct = Level(device, Channel::kDecoderUtilization, at__ms);
  for (size_t k = 0; k < n; k++) {
    processes[k] = {pids[k],
                    UsedBy(device, ShareOf(used__MiB, k, n)),
                    static_cast<uint32_t>(ShareOf(sm__pct, k, n)),
                    static_cast<uint32_t>(ShareOf(memory__pct, k, n)),
                    static_cast<uint32_t>(ShareOf(encoder__pct, k, n)),
                    static_cast<uint32_t>(ShareOf(decoder__pct, k, n))};
  }
  return n;
}

}  // namespace nvpulse::simulator
