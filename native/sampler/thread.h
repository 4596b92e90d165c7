// A thread that can be joined within a bound, and left behind where it does not end: what it runs owns its memory.
// Used by the thread that starts and joins it.
#pragma once
#include <pthread.h>

#include <functional>
#include <memory>

#include "sampler/clock.h"
#include "sampler/monitor.h"

namespace nvpulse {

class Thread {
 public:
  Thread() = default;
  ~Thread() { JoinUntil(0); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  /// False where the system gives no thread. `name` has at most 15 characters.
  bool Start(const char* name, std::function<void()> run);

  /// Waits until the thread has ended or `deadline_ns` (monotonic); false: it was left behind. Once only.
  bool JoinUntil(int64_t deadline_ns);

 private:
  struct State {
    Monitor monitor;
    bool ended = false;
    const char* name = "";
    std::function<void()> run;
  };
  static void* Main(void* argument);

  std::shared_ptr<State> state_;
  pthread_t thread_{};
};

/// CPU time of the calling thread, in ns.
inline int64_t ThreadCpuNs() { return ReadClock(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace nvpulse
