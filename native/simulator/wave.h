// Waveforms with a truth in closed form, and their integrals; docs/SIMULATOR.md states the same formulas.
// Pure functions: any thread, no state.
#pragma once
#include <cstdint>

namespace nvpulse::simulator {

enum class Form : uint8_t { kConstant, kSquare, kRamp, kSine };

/**
 * Repeats each `period__ms` (even, so that halves are whole). Constant: low. Square: high in the first half,
 * low in the second. Ramp: from low up to high, then back at once. Sine: starts at the middle, rising.
 */
struct Wave {
  Form form;
  uint32_t period__ms;
  int64_t low, high;
};

/** The wave at a time, rounded to the nearest whole number, halves up. */
int64_t WaveAt(const Wave& wave, uint64_t time__ms);

/** Its integral from time 0, in the wave's unit × seconds (mW give mJ), rounded likewise. */
int64_t WaveIntegral(const Wave& wave, uint64_t time__ms);

}  // namespace nvpulse::simulator
