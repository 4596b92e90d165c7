// Reads and checks NVPULSE_SIM_*.
#include "simulator/options.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nvpulse::simulator {
namespace {

constexpr char kTime[] = "nanoseconds since 1970, an integer";

const char* Variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

/** Digits only, and no later than 2262, where signed nanoseconds end. */
bool ParseTime(const char* text, uint64_t* ns) {
  const size_t length = std::strlen(text);
  if (length == 0 || length > 19 || std::strspn(text, "0123456789") != length) return false;
  *ns = std::strtoull(text, nullptr, 10);
  return *ns <= INT64_MAX;
}

/** A day before a frozen time, else when this machine started; 0 where the kernel does not tell. */
uint64_t DefaultLoad__ns(const Options& options) {
  constexpr uint64_t kDay__ns = 86400000000000;
  if (options.frozen) return options.frozen__ns > kDay__ns ? options.frozen__ns - kDay__ns : 0;
  FILE* file = std::fopen("/proc/stat", "re");
  if (file == nullptr) return 0;
  char line[256];
  unsigned long long booted__s = 0;
  while (booted__s == 0 && std::fgets(line, sizeof line, file) != nullptr) std::sscanf(line, "btime %llu", &booted__s);
  std::fclose(file);
  return booted__s * 1000000000;
}

/** One of two words: `first` is false, `second` is true. */
bool ParseWord(const char* text, const char* first, const char* second, bool* value) {
  *value = std::strcmp(text, second) == 0;
  return *value || std::strcmp(text, first) == 0;
}

bool ParseProcesses(const char* text, ProcessSource* source) {
  if (std::strcmp(text, "live") == 0) *source = ProcessSource::kLive;
  else if (std::strcmp(text, "profile") == 0) *source = ProcessSource::kProfile;
  else if (std::strcmp(text, "environ") == 0) *source = ProcessSource::kEnviron;
  else return false;
  return true;
}

bool Refuse(const char* message) {
  std::fprintf(stderr, "nvpulse simulator: %s\n", message);
  return false;
}

bool Refuse(const char* variable, const char* value, const char* allowed) {
  char message[512];
  std::snprintf(message, sizeof message, "%s=%s is not allowed; allowed: %s", variable, value, allowed);
  return Refuse(message);
}

bool RefuseDriver(const Profile& profile) {
  char message[512];
  std::snprintf(message, sizeof message,
                "NVPULSE_SIM_PROFILE=%s has driver %s, and this is the library of %s; the right one's path: "
                "nvpulse simulator --path --profile %s",
                profile.name, profile.driver_version, kDriver, profile.name);
  return Refuse(message);
}

}  // namespace

bool ReadOptions(Options* options) {
  const char* profile = Variable("NVPULSE_SIM_PROFILE", DefaultProfile().name);
  if (!FindProfile(profile, &options->profile)) return Refuse("NVPULSE_SIM_PROFILE", profile, kProfileNames);
  if (std::strcmp(options->profile.driver_version, kDriver) != 0) return RefuseDriver(options->profile);

  if (const char* time = Variable("NVPULSE_SIM_TIME", nullptr)) {
    options->frozen = true;
    if (!ParseTime(time, &options->frozen__ns)) return Refuse("NVPULSE_SIM_TIME", time, kTime);
  }
  const char* loaded = Variable("NVPULSE_SIM_LOADED", nullptr);
  if (loaded == nullptr) options->loaded__ns = DefaultLoad__ns(*options);
  else if (!ParseTime(loaded, &options->loaded__ns)) return Refuse("NVPULSE_SIM_LOADED", loaded, kTime);

  const char* latency = Variable("NVPULSE_SIM_LATENCY", "none");
  if (!ParseWord(latency, "none", "real", &options->real_latency)) return Refuse("NVPULSE_SIM_LATENCY", latency, "none, real");

  const char* processes = Variable("NVPULSE_SIM_PROCESSES", "live");
  if (!ParseProcesses(processes, &options->processes)) {
    return Refuse("NVPULSE_SIM_PROCESSES", processes, "live, profile, environ");
  }
  char error[512];
  const char* faults = Variable("NVPULSE_SIM_FAULTS", "");
  if (!options->faults.Parse(faults, options->profile.device_count, error, sizeof error)) return Refuse(error);
  return true;
}

}  // namespace nvpulse::simulator
