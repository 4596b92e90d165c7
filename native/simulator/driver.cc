// The one part that differs between the drivers' libraries: NVPULSE_DRIVER names the release.
#include "simulator/profile.h"

namespace nvpulse::simulator {

const char kDriver[] = NVPULSE_DRIVER;

}  // namespace nvpulse::simulator
