// The bare loop: twelve metrics of every GPU into arrays of values and codes. Reads a number of passes from a line of
// stdin, makes them, and prints the nanoseconds of one; of none, the sum of the first GPU's values.
#include <cinttypes>

#include "bare_nvml.h"
#include "sampler/clock.h"

int main() {
  const bare::Nvml nvml = bare::Open();
  static double values[bare::kMaxDevices * bare::kMetrics];
  static uint16_t status[bare::kMaxDevices * bare::kMetrics];
  uint64_t passes = 0;
  while (std::scanf("%" SCNu64, &passes) == 1) {
    if (passes == 0) {
      bare::ReadTwelve(nvml, nvml.devices[0], values, status);
      double sum = 0;
      for (int i = 0; i < bare::kMetrics; i++) sum += values[i];
      std::printf("%.3f\n", sum);
      std::fflush(stdout);
      continue;
    }
    const int64_t begun_ns = nvpulse::MonotonicNs();
    for (uint64_t pass = 0; pass < passes; pass++) {
      for (uint32_t i = 0; i < nvml.count; i++) {
        const uint32_t at = i * bare::kMetrics;
        bare::ReadTwelve(nvml, nvml.devices[i], values + at, status + at);
      }
      asm volatile("" ::: "memory");
    }
    const int64_t elapsed_ns = nvpulse::MonotonicNs() - begun_ns;
    std::printf("%.3f\n", static_cast<double>(elapsed_ns) / static_cast<double>(passes));
    std::fflush(stdout);
  }
}
