// The processes on a device: live ones of this machine, those a profile invents, or live ones that name it.
// Thread: any; the list of live processes is kept for 100 ms behind a mutex.
#pragma once
#include <cstddef>
#include <cstdint>

#include "simulator/device.h"

namespace nvpulse::simulator {

enum class ProcessKind : uint8_t { kCompute, kGraphics, kMps };

struct Process {
  uint32_t pid;
  uint64_t used__B;
  uint32_t sm__pct, memory__pct, encoder__pct, decoder__pct;
};

inline constexpr size_t kMaxProcesses = 256;

/** Fills `processes` (room for kMaxProcesses) as of now; returns how many there are. */
size_t ListProcesses(const Device& device, ProcessKind kind, uint64_t now__ns, Process* processes);

/** The time, in µs, of the reading that ListProcesses gives. */
uint64_t ProcessesRefreshedAt__us(const Device& device, uint64_t now__ns);

/** Live processes that may be on this device, as Options::processes says, by ascending pid; at most kMaxProcesses. */
size_t LivePids(uint32_t index, uint32_t* pids);

}  // namespace nvpulse::simulator
