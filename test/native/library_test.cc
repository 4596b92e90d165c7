// A library whose file becomes another: that one is opened beside it, and each has users of its own.
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "check.h"
#include "nvml/library.h"
#include "readers/gpu.h"

using namespace nvpulse;

namespace {

using nvml::Handle;

class Folder {
 public:
  Folder() {
    char path[] = "/tmp/nvpulse-library-XXXXXX";
    root_ = mkdtemp(path);
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(root_, error);
  }
  std::string library() const { return root_ + "/libnvidia-ml.so.1"; }

  /// Another file of that name, whose faults are these: read when it is first initialised.
  void Install(const char* faults) const {
    setenv("NVPULSE_SIM_FAULTS", faults, 1);
    std::error_code error;
    std::filesystem::copy_file(SIMULATOR, root_ + "/next", error);
    std::filesystem::rename(root_ + "/next", library(), error);
  }

 private:
  std::string root_;
};

std::unique_ptr<Handle> Acquire(const std::string& path) {
  nvml::Absence absence;
  return Handle::Acquire(path, &absence);
}

bool Answers(const Handle& handle) {
  uint32_t count = 0;
  return handle.library().Get<nvml::CountFn>(Symbol::kDeviceGetCount_v2)(&count) == nvml::kSuccess;
}

}  // namespace

TEST(ALibraryThatIsRefusedGivesWayToTheOneInItsPlace) {
  Folder folder;
  folder.Install("call=Init_v2,error=18");
  EXPECT(!Acquire(folder.library()));
  EXPECT(!Acquire(folder.library()));
  for (int upgrades = 0; upgrades < 3; upgrades++) {
    folder.Install("call=Init_v2,error=18");
    EXPECT(!Acquire(folder.library()));
  }
  folder.Install("");
  const std::unique_ptr<Handle> handle = Acquire(folder.library());
  if (!EXPECT(handle)) return;
  EXPECT(Answers(*handle));
  EXPECT_EQ(handle->library().path(), folder.library());
}

TEST(WhoStillHasTheOldLibraryDoesNotCloseTheNew) {
  Folder folder;
  folder.Install("call=Init_v2,error=18,from=20ms");
  const std::string path = folder.library();
  std::unique_ptr<Handle> old = Acquire(path);
  if (!EXPECT(old)) return;
  const nvml::Library& library = old->library();
  // Until the driver is another.
  std::unique_ptr<Handle> again;
  do {
    old->NoteClosed();
    if (again) old = std::move(again);
    again = Acquire(path);
  } while (again);
  folder.Install("");
  const std::unique_ptr<Handle> fresh = Acquire(path);
  if (!EXPECT(fresh)) return;
  EXPECT(&fresh->library() != &library);
  EXPECT_EQ(SystemString(library, Symbol::kSystemGetNVMLVersion), std::string("13.580.126.20"));
  EXPECT(!fresh->IsClosed());
  old.reset();
  EXPECT(Answers(*fresh));
  const std::unique_ptr<Handle> other = Acquire(path);
  if (EXPECT(other)) EXPECT(&other->library() == &fresh->library());
}
