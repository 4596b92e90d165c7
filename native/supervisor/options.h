// The supervisor's command line. Thread: the only one. Owner: main().
#pragma once

#include <string>

namespace nvpulse {

// nvpulse-supervisor --control-fd N [--cgroup PATH|--no-cgroup] -- CMD ARG…
struct Options {
  int control_fd = -1;
  bool make_cgroup = true;
  std::string cgroup_path;  // A group that the caller gives; empty: one is made where possible.
  char** command = nullptr;  // Points into argv, ends with a null pointer.
};

// False when the line is not of the form above.
bool ParseOptions(int argc, char** argv, Options* options);

}  // namespace nvpulse
