// Counts of durations in buckets a sixteenth of an octave wide: percentiles within 4.5 %, 1 ns to 18 min.
// One writer at a time; any thread may read. An abandoned writer can lose counts, nothing else.
#pragma once
#include <atomic>
#include <cstdint>

namespace nvpulse {

class Histogram {
 public:
  void Add(int64_t ns) {
    Bump(buckets_[BucketOf(ns)]);
    if (ns > max_.load(std::memory_order_relaxed)) max_.store(ns, std::memory_order_relaxed);
  }

  uint64_t Count() const {
    uint64_t count = 0;
    for (const auto& bucket : buckets_) count += bucket.load(std::memory_order_relaxed);
    return count;
  }

  int64_t Max() const { return max_.load(std::memory_order_relaxed); }

  /// The duration that `share` (0 to 1) of all are not above, in ns; 0 where there are none.
  double Percentile(double share) const {
    const double wanted = share * static_cast<double>(Count());
    double seen = 0;
    for (int i = 0; i < kBuckets; i++) {
      seen += buckets_[i].load(std::memory_order_relaxed);
      if (seen > 0 && seen >= wanted) {
        const double middle = MiddleOf(i);
        return middle < static_cast<double>(Max()) ? middle : static_cast<double>(Max());
      }
    }
    return 0;
  }

 private:
  static constexpr int kSteps = 16;
  static constexpr int kOctaves = 40;
  static constexpr int kBuckets = kSteps * kOctaves;

  static void Bump(std::atomic<uint32_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  static int BucketOf(int64_t ns) {
    const uint64_t value = ns < kSteps ? kSteps : static_cast<uint64_t>(ns);
    const int octave = 63 - __builtin_clzll(value);  // at least 4
    const int step = static_cast<int>((value >> (octave - 4)) & (kSteps - 1));
    const int bucket = (octave - 4) * kSteps + step;
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }

  static double MiddleOf(int bucket) {
    const double width = static_cast<double>(uint64_t{1} << (bucket / kSteps));
    return width * (kSteps + bucket % kSteps) + width / 2;
  }

  std::atomic<uint32_t> buckets_[kBuckets] = {};
  std::atomic<int64_t> max_{0};
};

}  // namespace nvpulse
