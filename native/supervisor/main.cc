// nvpulse-supervisor: holds a job's process tree, so that the process that uses nvpulse is never altered.
#include <cstdio>
#include <string_view>

#include "supervisor/keep.h"
#include "supervisor/options.h"
#include "supervisor/supervisor.h"

namespace {

constexpr int kFailed = 125;

int Supervise(int argc, char** argv) {
  nvpulse::Options options;
  if (!nvpulse::ParseOptions(argc, argv, &options)) {
    fputs("nvpulse-supervisor: started by nvpulse, not by hand\n", stderr);
    return kFailed;
  }
  return nvpulse::Supervisor(options).Run();
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view mode = argc > 2 ? argv[1] : "";
  if (mode == "--environment") return nvpulse::PrintEnvironment(argv[2]);
  if (mode != "--keep") return Supervise(argc, argv);
  nvpulse::Keeper keeper;
  if (!keeper.Keep(argv + 2)) return kFailed;
  std::vector<char*>& arguments = keeper.arguments();
  return Supervise(static_cast<int>(arguments.size()) - 1, arguments.data());
}
