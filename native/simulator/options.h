// What the environment asks of the simulator (NVPULSE_SIM_*), read once.
// Thread: read by the first call of init or of a version query; constant afterwards.
#pragma once
#include <cstdint>

#include "simulator/faults.h"
#include "simulator/profile.h"

namespace nvpulse::simulator {

struct Options {
  Profile profile;
  bool frozen = false;
  uint64_t frozen__ns = 0;  // Unix time of every reading, when frozen
  bool real_latency = false;
  bool environ_processes = false;
  Faults faults;
};

/** False, after one line on stderr saying what is wrong, when a variable has a value that is not allowed. */
bool ReadOptions(Options* options);

}  // namespace nvpulse::simulator
