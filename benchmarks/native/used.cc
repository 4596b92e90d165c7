// Runs a command and tells what it used, as wait4 and its CPU clock say:
//   used <seconds> FILE CMD…   FILE gets {"wall__s","cpu__s","rss__MiB","exit","cpu_at":[…]}
// cpu_at: the CPU seconds used so far, read each <seconds> while it runs; 0 seconds reads none.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "sampler/clock.h"

namespace {

double Seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; }

bool Ended(pid_t pid, int options, int* status, rusage* usage) { return wait4(pid, status, options, usage) == pid; }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const auto period_ns = static_cast<int64_t>(std::atof(argv[1]) * 1e9);
  std::FILE* out = std::fopen(argv[2], "we");
  if (!out) return 2;
  const int64_t begun_ns = nvpulse::MonotonicNs();
  const pid_t pid = fork();
  if (pid == 0) {
    execvp(argv[3], argv + 3);
    _exit(127);
  }
  clockid_t clock;
  clock_getcpuclockid(pid, &clock);
  int status = 0;
  rusage usage{};
  std::fprintf(out, "{\"cpu_at\":[");
  if (period_ns == 0) {
    Ended(pid, 0, &status, &usage);
  } else {
    int64_t next_ns = begun_ns + period_ns;
    bool first = true;
    while (!Ended(pid, WNOHANG, &status, &usage)) {
      const int64_t now_ns = nvpulse::MonotonicNs();
      if (now_ns >= next_ns) {
        std::fprintf(out, "%s%.6f", first ? "" : ",", static_cast<double>(nvpulse::ReadClock(clock)) * 1e-9);
        first = false;
        next_ns += period_ns;
      }
      usleep(20'000);
    }
  }
  const double wall__s = static_cast<double>(nvpulse::MonotonicNs() - begun_ns) * 1e-9;
  std::fprintf(out, "],\"wall__s\":%.6f,\"cpu__s\":%.6f,\"rss__MiB\":%.3f,\"exit\":%d}\n", wall__s,
               Seconds(usage.ru_utime) + Seconds(usage.ru_stime), static_cast<double>(usage.ru_maxrss) / 1024,
               WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  std::fclose(out);
}
