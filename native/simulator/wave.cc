// Waveforms and their integrals. Square and ramp are computed in whole numbers, so that every reader of
// the formula gets the very same value; the sine rounds far from a tie, see profile.h.
#include "simulator/wave.h"

#include <cmath>

namespace nvpulse::simulator {
namespace {

constexpr double kTwoPi = 6.283185307179586;

int64_t Round(double value) { return static_cast<int64_t>(std::floor(value + 0.5)); }

/** a ÷ b rounded to nearest, halves up; neither is negative. */
int64_t Divide(int64_t a, int64_t b) { return (2 * a + b) / (2 * b); }

/** The integral over the first `into__ms` of one period. */
int64_t Partial(const Wave& wave, int64_t into__ms) {
  const int64_t period__ms = wave.period__ms;
  const int64_t rise = wave.high - wave.low;
  switch (wave.form) {
    case Form::kConstant:
      return Divide(wave.low * into__ms, 1000);
    case Form::kSquare: {
      const int64_t up__ms = into__ms < period__ms / 2 ? into__ms : period__ms / 2;
      return Divide(wave.low * into__ms + rise * up__ms, 1000);
    }
    case Form::kRamp:
      return Divide(2 * period__ms * wave.low * into__ms + rise * into__ms * into__ms, 2000 * period__ms);
    case Form::kSine: {
      const double middle = static_cast<double>(wave.low + wave.high) / 2;
      const double period__s = static_cast<double>(period__ms) / 1000;
      const double turn = kTwoPi * static_cast<double>(into__ms) / static_cast<double>(period__ms);
      return Round(middle * static_cast<double>(into__ms) / 1000 +
                   static_cast<double>(rise) / 2 * period__s / kTwoPi * (1 - std::cos(turn)));
    }
  }
  return 0;
}

}  // namespace

int64_t WaveAt(const Wave& wave, uint64_t time__ms) {
  const int64_t period__ms = wave.period__ms;
  const int64_t into__ms = static_cast<int64_t>(time__ms % wave.period__ms);
  const int64_t rise = wave.high - wave.low;
  switch (wave.form) {
    case Form::kConstant:
      return wave.low;
    case Form::kSquare:
      return into__ms < period__ms / 2 ? wave.high : wave.low;
    case Form::kRamp:
      return wave.low + Divide(rise * into__ms, period__ms);
    case Form::kSine: {
      const double turn = kTwoPi * static_cast<double>(into__ms) / static_cast<double>(period__ms);
      return Round(static_cast<double>(wave.low + wave.high) / 2 + static_cast<double>(rise) / 2 * std::sin(turn));
    }
  }
  return 0;
}

int64_t WaveIntegral(const Wave& wave, uint64_t time__ms) {
  const int64_t turns = static_cast<int64_t>(time__ms / wave.period__ms);
  const int64_t into__ms = static_cast<int64_t>(time__ms % wave.period__ms);
  return turns * Partial(wave, wave.period__ms) + Partial(wave, into__ms);
}

}  // namespace nvpulse::simulator
