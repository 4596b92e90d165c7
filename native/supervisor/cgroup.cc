// Makes, joins, reads and removes a cgroup v2. cpu.stat is there in every group, with no controller enabled.
#include "supervisor/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nvpulse {

namespace {

// The line of `text` that starts at `at`, without its newline.
std::string LineAt(const std::string& text, size_t at) { return text.substr(at, text.find('\n', at) - at); }

// The supervisor's own group as the kernel names it, such as /user.slice/session-3.scope; empty: none.
std::string OwnGroup() {
  std::string text;
  if (!ReadFileAt(AT_FDCWD, "/proc/self/cgroup", &text)) return {};
  text.insert(0, "\n");
  size_t at = text.find("\n0::/");
  return at == std::string::npos ? std::string() : LineAt(text, at + 4);
}

// The directory of `group` under a line of /proc/self/mountinfo ("36 35 98:0 /root /mount/point …"), if that
// line is a cgroup2 mount that shows it; else empty.
std::string DirectoryUnder(const std::string& mount, const std::string& group) {
  if (mount.find(" - cgroup2 ") == std::string::npos) return {};
  char root[4096];
  char point[4096];
  if (sscanf(mount.c_str(), "%*d %*d %*s %4095s %4095s", root, point) != 2) return {};
  std::string prefix = root;
  if (prefix == "/") prefix.clear();
  if (group.compare(0, prefix.size(), prefix) != 0) return {};
  std::string rest = group.substr(prefix.size());
  if (rest == "/") rest.clear();
  if (!rest.empty() && rest[0] != '/') return {};
  return point + rest;
}

std::string OwnDirectory() {
  std::string group = OwnGroup();
  std::string mounts;
  if (group.empty() || !ReadFileAt(AT_FDCWD, "/proc/self/mountinfo", &mounts)) return {};
  for (size_t at = 0; at < mounts.size(); at = mounts.find('\n', at) + 1) {
    std::string directory = DirectoryUnder(LineAt(mounts, at), group);
    if (!directory.empty()) return directory;
    if (mounts.find('\n', at) == std::string::npos) break;
  }
  return {};
}

// Whether `name` is one that Make gives.
bool IsMade(const char* name) {
  int length = 0;
  return sscanf(name, "nvpulse-%*u-%*8[0-9a-f]%n", &length) == 0 && length > 0 && name[length] == '\0';
}

// Removes groups of earlier jobs that outlived their supervisor with a descendant in them and have emptied
// since: a kernel with thousands of them grows slow. One younger than a minute may be another supervisor's,
// still to be joined.
void RemoveLeftovers(const std::string& own) {
  DIR* directory = opendir(own.c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    struct stat status {};
    if (!IsMade(entry->d_name) || fstatat(dirfd(directory), entry->d_name, &status, 0) != 0) continue;
    if (time(nullptr) - status.st_mtime < 60) continue;
    unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);  // Fails where something lives.
  }
  closedir(directory);
}

// Whether a group below `own` shows a process all that `own` shows it. Controllers have files in `own` (limits, and what
// is used) that are not in a group below, or say there that nothing is limited: programs that size themselves by their
// own group's limits would then take the whole machine. The root (the only group without cgroup.events) has none of
// those files, whatever controllers there are.
bool GroupBelowHidesNothing(const std::string& own) {
  std::string controllers;
  if (access((own + "/cgroup.events").c_str(), F_OK) != 0) return true;
  return ReadFileAt(AT_FDCWD, (own + "/cgroup.controllers").c_str(), &controllers) &&
         controllers.find_first_not_of(" \n") == std::string::npos;
}

bool ReadKey(const std::string& text, const char* key, int64_t* value) {
  size_t at = text.find(key);
  if (at == std::string::npos) return false;
  *value = std::strtoll(text.c_str() + at + std::strlen(key), nullptr, 10);
  return true;
}

}  // namespace

bool Cgroup::Make(std::string* reason) {
  std::string own = OwnDirectory();
  if (own.empty()) {
    *reason = "no cgroup v2 is mounted here";
    return false;
  }
  if (!GroupBelowHidesNothing(own)) {
    *reason = "a cgroup below " + own + " would hide its limits from the command";
    return false;
  }
  RemoveLeftovers(own);
  unsigned number = 0;
  if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number)) number = 0;
  char name[64];
  snprintf(name, sizeof(name), "/nvpulse-%d-%08x", getpid(), number);
  int failure = mkdir((own + name).c_str(), 0755) == 0 ? 0 : errno;
  if (failure == 0) {
    made_ = true;
    failure = Open(own + name);
  }
  if (failure == 0) return true;
  *reason = "no cgroup could be made in " + own + ": " + std::strerror(failure);
  Remove();
  return false;
}

int Cgroup::Use(const std::string& path) {
  struct statfs file_system {};
  if (statfs(path.c_str(), &file_system) != 0) return errno;
  // Compared as 32 bits: f_type is signed on some architectures.
  if (static_cast<uint32_t>(file_system.f_type) != static_cast<uint32_t>(CGROUP2_SUPER_MAGIC)) return ENOTSUP;
  return Open(path);
}

int Cgroup::Open(const std::string& path) {
  path_ = path;
  directory_ = Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_.valid()) return errno;
  std::string events;
  bool known = ReadFileAt(directory_.get(), "cgroup.events", &events) && ReadCpuTotal(&baseline_);
  alone_ = known && events.find("populated 0") != std::string::npos;
  processes_ = Fd(openat(directory_.get(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
  return processes_.valid() ? 0 : errno;
}

int Cgroup::Join() const { return write(processes_.get(), "0", 1) == 1 ? 0 : errno; }

bool Cgroup::ReadCpuTotal(CpuTime* cpu) const {
  std::string text;
  return ReadFileAt(directory_.get(), "cpu.stat", &text) && ReadKey(text, "user_usec ", &cpu->user_us) &&
         ReadKey(text, "system_usec ", &cpu->system_us);
}

bool Cgroup::ReadCpu(CpuTime* cpu) const {
  if (!ReadCpuTotal(cpu)) return false;
  cpu->user_us -= baseline_.user_us;
  cpu->system_us -= baseline_.system_us;
  return true;
}

void Cgroup::Remove() {
  processes_.Close();
  directory_.Close();
  if (made_) rmdir(path_.c_str());
  made_ = false;
}

}  // namespace nvpulse
