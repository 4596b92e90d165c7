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

/// The local file systems in a mountinfo file, one for each device. Left out are those of the kernel (proc,
/// tmpfs …); network and FUSE file systems, since statvfs waits for their server, for ever if it is down, and
/// no other host metric would be read any more; and read-only images (squashfs …), which are always full. An
/// overlay counts where it is the root, as in containers.
std::vector<Mount> LocalMounts(std::string_view mountinfo);

class FilesystemReader {
 public:
  explicit FilesystemReader(const std::string& root)
      : root_(root), mountinfo_(root + "/proc/self/mountinfo") {}

  /// Appends a row for each, on slow passes.
  void Read(Pass& pass);

 private:
  struct Listed {
    Mount mount;
    uint32_t instance;
  };
  bool MountsChanged() const;
  void List(Pass& pass);
  void Append(const Listed& listed, RowSink& sink) const;

  std::string root_;
  ProcFile mountinfo_;
  bool is_listed_ = false;
  std::vector<Listed> listed_;
};

}  // namespace nvpulse
