// What a process keeps over exec, and its children do not get. Thread: the only one. Owner: whoever holds the value.
#pragma once

#include <sys/prctl.h>

namespace nvpulse {

struct Attributes {
  int subreaper = 0;
  int death_signal = 0;  // Sent to the process when its parent ends; 0: none.

  static Attributes OfThisProcess() {
    Attributes attributes;
    prctl(PR_GET_CHILD_SUBREAPER, &attributes.subreaper, 0, 0, 0);
    prctl(PR_GET_PDEATHSIG, &attributes.death_signal, 0, 0, 0);
    return attributes;
  }

  void GiveToThisProcess() const {
    prctl(PR_SET_CHILD_SUBREAPER, static_cast<unsigned long>(subreaper), 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(death_signal), 0, 0, 0);
  }
};

}  // namespace nvpulse
