// A thread's stay in a driver's library. When the process ends, exit() destroys what libraries hold below the threads
// that are in them: so it first waits for those that are in a driver's, and nobody gets into one any more. Who calls the
// driver on a thread of ours, or opens it or shuts it down, is InDriver meanwhile, and holds no lock when it enters.
#pragma once

namespace nvpulse::nvml {

class InDriver {
 public:
  /// Does not return where the process is ending.
  InDriver();
  ~InDriver();
  InDriver(const InDriver&) = delete;
  InDriver& operator=(const InDriver&) = delete;

  /// From now on exit() waits for those who are in: 200 ms at most, since a driver may hang. To be called after a library
  /// was opened: exit() undoes what was done last first.
  static void GuardExit();
};

}  // namespace nvpulse::nvml
