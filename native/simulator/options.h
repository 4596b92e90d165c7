// What the environment asks of the simulator (NVPULSE_SIM_*), read once.
// Thread: read by the first call of init or of a version query; constant afterwards.
#pragma once
#include <cstdint>

#include "simulator/faults.h"
#include "simulator/profile.h"

namespace nvpulse::simulator {

/** Whose the processes on a device are. */
enum class ProcessSource : uint8_t {
  kLive,     // live ones of this machine, whichever
  kProfile,  // invented ones
  kEnviron,  // live ones that name the device in their environment
};

struct Options {
  Profile profile;
  bool frozen = false;
  uint64_t frozen__ns = 0;  // Unix time of every reading, when frozen
  uint64_t loaded__ns = 0;  // Unix time at which the driver was loaded: energy counts from then
  bool real_latency = false;
  ProcessSource processes = ProcessSource::kLive;
  Faults faults;
};

/** False, after one line on stderr saying what is wrong, when a variable has a value that is not allowed. */
bool ReadOptions(Options* options);

}  // namespace nvpulse::simulator
