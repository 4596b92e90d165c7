// Finds a profile by name.
#include "simulator/profile.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nvpulse::simulator {
namespace {

constexpr const Profile* kProfiles[] = {&kH200x8, &kT4, &kDesktop, &kLaptop, &kOdd};

}  // namespace

const Profile& DefaultProfile() {
  for (const Profile* known : kProfiles) {
    if (std::strcmp(known->driver_version, kDriver) == 0) return *known;
  }
  return kH200x8;
}

bool FindProfile(const char* name, Profile* profile) {
  for (const Profile* known : kProfiles) {
    if (std::strcmp(known->name, name) == 0) {
      *profile = *known;
      return true;
    }
  }
  if (std::strncmp(name, "h200x", 5) != 0 || name[5] < '1' || name[5] > '9') return false;
  char* end = nullptr;
  const unsigned long count = std::strtoul(name + 5, &end, 10);
  if (*end != '\0' || count > kMaxDevices) return false;
  static char spelled[16];  // one profile a process: written once, before any thread reads it
  std::snprintf(spelled, sizeof spelled, "h200x%lu", count);
  *profile = kH200x8;
  profile->name = spelled;
  profile->device_count = static_cast<uint32_t>(count);
  return true;
}

}  // namespace nvpulse::simulator
