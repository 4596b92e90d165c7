// Parses mountinfo, proc_pid_mountinfo(5), and asks statvfs. Host thread; owned by HostReader.
#include "readers/filesystem.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "readers/scanner.h"
#include "readers/units.h"
#include "sampler/clock.h"

namespace nvpulse {

namespace {

/// Undoes the kernel's octal escapes (blank, tab, newline, backslash).
std::string Unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); i++) {
    unsigned code = 0;
    bool is_escape = text[i] == '\\' && i + 3 < text.size() &&
                     std::from_chars(&text[i + 1], &text[i + 4], code, 8).ptr == &text[i + 4];
    plain += is_escape ? static_cast<char>(code) : text[i];
    if (is_escape) i += 3;
  }
  return plain;
}

bool IsLocal(const Mount& mount) {
  for (const char* image : {"squashfs", "iso9660", "erofs", "cramfs"}) {
    if (mount.type == image) return false;
  }
  if (mount.type.compare(0, 4, "fuse") == 0) return false;
  return mount.device.compare(0, 5, "/dev/") == 0 || mount.type == "zfs" ||
         (mount.type == "overlay" && mount.folder == "/");
}

/// The folder as seen from `rootfs`; nothing where it lies elsewhere.
std::optional<std::string> SeenFrom(const std::string& rootfs, const std::string& folder) {
  if (rootfs.empty()) return folder;
  if (folder == rootfs) return "/";
  if (folder.compare(0, rootfs.size() + 1, rootfs + "/") != 0) return {};
  return folder.substr(rootfs.size());
}

bool IsFile(const std::string& path) {
  struct stat file{};
  return stat(path.c_str(), &file) == 0 && !S_ISDIR(file.st_mode);
}

bool operator==(const Mount& a, const Mount& b) {
  return a.folder == b.folder && a.device == b.device && a.type == b.type;
}

}  // namespace

std::vector<Mount> FilesystemReader::LocalMounts(std::string_view mountinfo) const {
  std::vector<Mount> mounts;
  for (Scanner line(mountinfo); !line.AtEnd(); line.NextLine()) {
    Mount mount;
    for (int i = 0; i < 4; i++) line.Word();  // id, parent, major:minor, root
    std::optional<std::string> folder = SeenFrom(rootfs_, Unescaped(line.Word()));
    if (!folder) continue;
    mount.folder = *std::move(folder);
    for (std::string_view word = line.Word(); !word.empty() && word != "-";) word = line.Word();
    mount.type = line.Word();
    mount.device = Unescaped(line.Word());
    // A mount hides what was mounted in the same place before.
    auto hidden = [&](const Mount& m) { return m.folder == mount.folder; };
    mounts.erase(std::remove_if(mounts.begin(), mounts.end(), hidden), mounts.end());
    if (!IsLocal(mount) || IsFile(PathOf(mount))) continue;
    // Of several mounts of a device (bind mounts, subvolumes) the shortest path says most.
    auto same =
        std::find_if(mounts.begin(), mounts.end(), [&](const Mount& m) { return m.device == mount.device; });
    if (same == mounts.end()) {
      mounts.push_back(std::move(mount));
    } else if (mount.folder.size() < same->folder.size()) {
      *same = std::move(mount);
    }
  }
  return mounts;
}

void FilesystemReader::Read(Pass& pass) {
  if (!is_listed_ || MountsChanged()) List(pass);
  for (const Listed& listed : listed_) Append(listed, pass.sink);
}

// The kernel flags the open file when the table has changed since the poll before; a plain file is never
// flagged.
bool FilesystemReader::MountsChanged() const {
  pollfd mounts{mountinfo_.fd(), POLLPRI, 0};
  return poll(&mounts, 1, 0) > 0 && (mounts.revents & (POLLPRI | POLLERR)) != 0;
}

void FilesystemReader::List(Pass& pass) {
  Reading reading = mountinfo_.Read(pass);
  is_listed_ = reading.ok();  // the kernel says only once that the table has changed
  if (!reading.ok()) return;
  std::vector<Listed> before = std::exchange(listed_, {});
  for (Mount& mount : LocalMounts(reading.text)) {
    auto known =
        std::find_if(before.begin(), before.end(), [&](const Listed& l) { return l.mount == mount; });
    uint32_t instance = known != before.end()
                            ? known->instance
                            : pass.sink.AddInstance(
                                  Entity::kFilesystem,
                                  {{"mount", mount.folder}, {"device", mount.device}, {"type", mount.type}});
    if (known != before.end()) before.erase(known);
    listed_.push_back({std::move(mount), instance});
  }
  for (const Listed& gone : before) pass.sink.RetireInstance(Entity::kFilesystem, gone.instance);
}

void FilesystemReader::Append(const Listed& listed, RowSink& sink) const {
  struct statvfs space{};
  int error = statvfs(PathOf(listed.mount).c_str(), &space) == 0 ? 0 : errno;
  int64_t time_ns = MonotonicNs();
  double unit__MiB = static_cast<double>(space.f_frsize) / kMiB;
  double used = static_cast<double>(space.f_blocks - space.f_bfree) * unit__MiB;
  double free = static_cast<double>(space.f_bavail) * unit__MiB;
  Row<filesystem::kColumns> row;
  row.Set(filesystem::used__MiB, used);
  row.Set(filesystem::free__MiB, free);
  if (used + free > 0) {
    row.Set(filesystem::used__pct, used / (used + free) * 100);
  } else {
    row.Fail(filesystem::used__pct, kUnsupported);
  }
  if (error != 0) {
    for (int column = 0; column < filesystem::kColumns; column++) row.Fail(column, StatusOfErrno(error));
  }
  sink.Append(Entity::kFilesystem, listed.instance, time_ns, row);
}

}  // namespace nvpulse
