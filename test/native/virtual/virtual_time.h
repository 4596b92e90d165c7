// Time that passes only while everybody waits: then it is at once the earliest of the moments that are waited for.
// What takes a machine a day takes a test as long as its readings do, and deadlines are kept exactly. Any thread.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace nvpulse {

class VirtualTime {
 public:
  static VirtualTime& Get() {
    static VirtualTime time;
    return time;
  }

  int64_t Now_ns() const { return now_ns_.load(std::memory_order_relaxed); }

  /// How many threads there are that wait: time stands still while fewer do.
  void SetThreads(size_t threads) {
    std::lock_guard<std::mutex> lock(mutex_);
    threads_ = threads;
    Pass();
  }

  /// Waits until `deadline_ns` or a Notify of `monitor`, whose mutex is `held`; it is not held meanwhile.
  void Wait(const void* monitor, std::mutex& held, int64_t deadline_ns) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (deadline_ns <= Now_ns()) return;
    Waiter waiter{monitor, deadline_ns, false, {}};
    waiters_.push_back(&waiter);
    held.unlock();
    Pass();
    waiter.changed.wait(lock, [&waiter] { return waiter.woken; });
    lock.unlock();
    held.lock();
  }

  void Notify(const void* monitor) {
    std::lock_guard<std::mutex> lock(mutex_);
    Wake([monitor](const Waiter& waiter) { return waiter.monitor == monitor; });
  }

 private:
  struct Waiter {
    const void* monitor;
    int64_t deadline_ns;
    bool woken;
    std::condition_variable changed;
  };

  /// Called with mutex_ held, as is Wake.
  void Pass() {
    if (waiters_.empty() || waiters_.size() < threads_) return;
    const int64_t next_ns =
        (*std::min_element(waiters_.begin(), waiters_.end(), [](const Waiter* a, const Waiter* b) {
          return a->deadline_ns < b->deadline_ns;
        }))->deadline_ns;
    now_ns_.store(next_ns, std::memory_order_relaxed);
    Wake([next_ns](const Waiter& waiter) { return waiter.deadline_ns <= next_ns; });
  }

  template <class Chosen>
  void Wake(Chosen chosen) {
    for (Waiter* waiter : waiters_) {
      if (!chosen(*waiter)) continue;
      waiter->woken = true;
      waiter->changed.notify_one();
    }
    waiters_.erase(std::remove_if(waiters_.begin(), waiters_.end(), [](const Waiter* w) { return w->woken; }),
                   waiters_.end());
  }

  std::mutex mutex_;
  std::vector<Waiter*> waiters_;
  size_t threads_ = 1;
  std::atomic<int64_t> now_ns_{1'000'000'000};
};

}  // namespace nvpulse
