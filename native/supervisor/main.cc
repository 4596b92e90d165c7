// nvpulse-supervisor: holds a job's process tree, so that the process that uses nvpulse is never altered.
#include <cstdio>

#include "supervisor/options.h"
#include "supervisor/supervisor.h"

int main(int argc, char** argv) {
  nvpulse::Options options;
  if (!nvpulse::ParseOptions(argc, argv, &options)) {
    fputs("nvpulse-supervisor: started by nvpulse, not by hand\n", stderr);
    return 125;
  }
  return nvpulse::Supervisor(options).Run();
}
