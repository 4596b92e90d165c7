// Reads the supervisor's command line, which only nvpulse itself writes.
#include "supervisor/options.h"

#include <cstdlib>
#include <string_view>

namespace nvpulse {

namespace {

bool ParseFd(const char* text, int* fd) {
  char* end = nullptr;
  long value = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < 3 || value > 1 << 20) return false;
  *fd = static_cast<int>(value);
  return true;
}

}  // namespace

bool ParseOptions(int argc, char** argv, Options* options) {
  int i = 1;
  for (; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    std::string_view option = argv[i];
    if (option == "--no-cgroup") {
      options->make_cgroup = false;
    } else if (option == "--cgroup" && i + 1 < argc) {
      options->cgroup_path = argv[++i];
    } else if (option == "--control-fd" && i + 1 < argc) {
      if (!ParseFd(argv[++i], &options->control_fd)) return false;
    } else {
      return false;
    }
  }
  if (i + 1 >= argc || options->control_fd < 0) return false;
  options->command = argv + i + 1;
  return true;
}

}  // namespace nvpulse
