// Space on each local file system. Host thread; owned by HostReader.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "readers/proc_file.h"

namespace nvpulse {

/// A file system, and the mount through which its space is asked for.
struct Mount {
  std::string folder, device, type;
};

/// The local file systems, one for each device. Left out are those of the kernel (proc, tmpfs …); network and FUSE
/// file systems, since statvfs waits for their server, for ever if it is down, and no other host metric would be read
/// any more; read-only images (squashfs …), which are always full; and single files that are mounted, as a container's
/// /etc/hosts is. An overlay counts where it is the root, as in containers.
class FilesystemReader {
 public:
  /// `rootfs`: where the root of the machine that is meant is mounted; what is not below it is left out, and folders
  /// are named as seen from it. '' for our own.
  FilesystemReader(const std::string& root, const std::string& rootfs)
      : root_(root), rootfs_(rootfs), mountinfo_(root + "/proc/self/mountinfo") {}

  /// Appends a row for each, on slow passes.
  void Read(Pass& pass);

 private:
  struct Listed {
    Mount mount;
    uint32_t instance;
  };
  std::vector<Mount> LocalMounts(std::string_view mountinfo) const;
  std::string PathOf(const Mount& mount) const { return root_ + rootfs_ + mount.folder; }
  bool MountsChanged() const;
  void List(Pass& pass);
  void Append(const Listed& listed, RowSink& sink) const;

  std::string root_, rootfs_;
  ProcFile mountinfo_;
  bool is_listed_ = false;
  std::vector<Listed> listed_;
};

}  // namespace nvpulse
