// Takes the place of native/sampler/monitor.h where a test's time is virtual.
#pragma once
#include <pthread.h>

#include <cstdint>
#include <mutex>

#include "virtual_time.h"

namespace nvpulse {

class Monitor {
 public:
  void Lock() { mutex_.lock(); }
  void Unlock() { mutex_.unlock(); }
  void Notify() { VirtualTime::Get().Notify(this); }
  void WaitUntil(int64_t deadline_ns) { VirtualTime::Get().Wait(this, mutex_, deadline_ns); }

 private:
  std::mutex mutex_;
};

class MonitorLock {
 public:
  explicit MonitorLock(Monitor& monitor) : monitor_(monitor) { monitor_.Lock(); }
  ~MonitorLock() { monitor_.Unlock(); }
  MonitorLock(const MonitorLock&) = delete;
  MonitorLock& operator=(const MonitorLock&) = delete;

 private:
  Monitor& monitor_;
};

}  // namespace nvpulse
