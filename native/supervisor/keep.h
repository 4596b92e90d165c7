// Keeps for the command what nvpulse was given and Node would alter: ignored and blocked signals, limits,
// descriptors that are closed or are nobody's business, arguments and environment that are no UTF-8. Whoever is
// forked before Node starts has all of it; so bin/nvpulse.js forks the supervisor first, by these two:
//   nvpulse-supervisor --environment PID   prints the environment that PID was started with, in printable ASCII;
//                                          a shell does not hand on all of its own
//   nvpulse-supervisor --keep node …       forks the supervisor, and executes Node in this process
// Thread: the only one. Owner: main().
#pragma once

#include <string>
#include <vector>

namespace nvpulse {

// Returns the exit status: 0, or 1 where it cannot be read, or is longer than one variable may be.
int PrintEnvironment(const char* pid);

class Keeper {
 public:
  // Executes `node` in this process, and returns false where that fails. Returns true in the forked child, once
  // nvpulse has told it how to supervise: arguments() is then the supervisor's command line. A child that nvpulse
  // has no use for ends here.
  bool Keep(char** node);

  std::vector<char*>& arguments() { return arguments_; }

 private:
  void TakeEnvironment();
  bool TakeArguments(char** node, int control);

  std::string environment_text_;
  std::vector<char*> environment_;
  std::string argument_text_;
  std::vector<char*> arguments_;
};

}  // namespace nvpulse
