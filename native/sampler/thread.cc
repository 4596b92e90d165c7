#include "sampler/thread.h"

#include <signal.h>
#include <sys/prctl.h>

#include <utility>

namespace nvpulse {

void* Thread::Main(void* argument) {
  std::shared_ptr<State> state = *static_cast<std::shared_ptr<State>*>(argument);
  delete static_cast<std::shared_ptr<State>*>(argument);
  prctl(PR_SET_NAME, state->name);
  prctl(PR_SET_TIMERSLACK, 1UL);  // the default, 50 µs, is the larger part of a tick's lateness
  state->run();
  state->run = nullptr;  // what it owned goes here, on its own thread
  MonitorLock lock(state->monitor);
  state->ended = true;
  state->monitor.Notify();
  return nullptr;
}

bool Thread::Start(const char* name, std::function<void()> run) {
  state_ = std::make_shared<State>();
  state_->name = name;
  state_->run = std::move(run);
  auto* argument = new std::shared_ptr<State>(state_);
  // Signals are the host program's: our threads take none.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool started = pthread_create(&thread_, nullptr, Main, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started) {
    delete argument;
    state_.reset();
  }
  return started;
}

bool Thread::JoinUntil(int64_t deadline_ns) {
  if (!state_) return true;
  bool ended = false;
  {
    MonitorLock lock(state_->monitor);
    while (!state_->ended && MonotonicNs() < deadline_ns) state_->monitor.WaitUntil(deadline_ns);
    ended = state_->ended;
  }
  if (ended) {
    pthread_join(thread_, nullptr);
  } else {
    pthread_detach(thread_);
  }
  state_.reset();
  return ended;
}

}  // namespace nvpulse
