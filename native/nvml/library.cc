#include "nvml/library.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <map>
#include <mutex>

#include "nvml/in_driver.h"
#include "nvml/words.h"

namespace nvpulse::nvml {

/// What the users of one loaded library share; never freed.
struct Handle::Loaded {
  Loaded(void* handle, std::mutex& path_mutex) : opened(handle), mutex(path_mutex) {}

  void* const opened;
  std::mutex& mutex;  ///< Its path's, of what follows; held while the driver initialises or shuts down.
  Library library;    ///< Constant once it is loaded.
  int users = 0;
  bool initialised = false;
  std::atomic<uint64_t> generation{0};  ///< How often it was found to be shut down.
};

namespace {

/// What tells a file from another that takes its name. Of one that is loaded the inode is not used again.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  int64_t changed_ns = 0;

  bool operator==(const FileId& other) const {
    return device == other.device && inode == other.inode && changed_ns == other.changed_ns;
  }
};

}  // namespace

/// What is loaded of one path.
struct Handle::Place {
  std::mutex mutex;             ///< Of what follows.
  std::list<Loaded> libraries;  ///< In the order in which they were opened.
  Loaded* used = nullptr;       ///< The one that was initialised last, or shall be first.
  FileId looked_at;             ///< The file that lay there when another was looked for last.
  std::string spelling;         ///< How it was opened last.
};

/// Leaked on purpose: abandoned threads may outlive static destruction.
struct Handle::Shared {
  std::mutex mutex;  ///< Of the map alone, never held while something is waited for.
  std::map<std::string, Place> by_path;

  static Place& Of(const std::string& path) {
    static Shared* shared = new Shared;
    std::lock_guard<std::mutex> lock(shared->mutex);
    return shared->by_path[path];
  }
};

namespace {

bool DriverLoaded() {
  return access("/proc/driver/nvidia/version", F_OK) == 0 || access("/sys/module/nvidia", F_OK) == 0 ||
         access("/dev/dxg", F_OK) == 0;
}

void* Open(const std::string& path, std::string* reason) {
  // The unsuffixed name belongs to development packages; WSL keeps the library elsewhere.
  const char* candidates[] = {"libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"};
  if (!path.empty()) {
    void* found = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!found) *reason = dlerror();
    return found;
  }
  for (const char* candidate : candidates) {
    if (void* found = dlopen(candidate, RTLD_NOW | RTLD_LOCAL)) return found;
  }
  *reason = "libnvidia-ml.so.1 is not on this machine; it comes with the NVIDIA driver";
  return nullptr;
}

/// Where a function's library was found; '' where that is not told.
std::string PathOf(void* function) {
  Dl_info info{};
  return dladdr(function, &info) != 0 && info.dli_fname ? info.dli_fname : "";
}

}  // namespace

/// Null where it is no NVML.
Handle::Loaded* Handle::Load(void* opened, Place& place) {
  void* init = dlsym(opened, kSymbolNames[static_cast<int>(Symbol::kInit_v2)]);
  if (!init || !dlsym(opened, kSymbolNames[static_cast<int>(Symbol::kDeviceGetCount_v2)])) return nullptr;
  const std::string path = place.libraries.empty() ? PathOf(init) : place.libraries.back().library.path_;
  Library& library = place.libraries.emplace_back(opened, place.mutex).library;
  library.path_ = path;
  for (int i = 0; i < kSymbols; i++) library.functions_[i] = dlsym(opened, kSymbolNames[i]);
  if (void* profile = dlsym(opened, "nvpulseSimulator")) {
    library.simulator_profile_ = reinterpret_cast<SimulatorProfileFn*>(profile)();
  }
  InDriver::GuardExit();
  return &place.libraries.back();
}

/// The library that was used, else one that has taken its place.
Return Handle::Initialise(Place& place) {
  Return result = place.used->library.Get<InitFn>(Symbol::kInit_v2)();
  if (result != kSuccess) {
    LookForAnother(place);
    Loaded& newest = place.libraries.back();
    if (&newest != place.used) result = newest.library.Get<InitFn>(Symbol::kInit_v2)();
    if (result == kSuccess) place.used = &newest;
  }
  return result;
}

/// Opens the file that now lies where the library was, if it is another.
void Handle::LookForAnother(Place& place) {
  const Loaded& newest = place.libraries.back();
  const std::string& path = newest.library.path_;
  struct stat file {};
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || stat(path.c_str(), &file) != 0) return;
  const FileId id{file.st_dev, file.st_ino, file.st_ctim.tv_sec * 1'000'000'000 + file.st_ctim.tv_nsec};
  if (id == place.looked_at) return;
  place.looked_at = id;
  // The linker knows a library by each name that it was opened by, whatever lies there now: so it gets another name.
  if (place.spelling.empty()) place.spelling = path;
  place.spelling.insert(slash, "/.");
  void* opened = dlopen(place.spelling.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!opened) return;
  if (opened == newest.opened) {
    dlclose(opened);  // once less opened; it stays loaded
    return;
  }
  Load(opened, place);
}

std::unique_ptr<Handle> Handle::Acquire(const std::string& path, Absence* absence) {
  const Absence no_driver{Absence::Kind::kNoDriver, kDriverNotLoaded, "no NVIDIA driver is loaded on this machine"};
  Place& place = Shared::Of(path);
  const InDriver in_driver;
  std::lock_guard<std::mutex> lock(place.mutex);

  if (!place.used) {
    std::string reason;
    void* opened = Open(path, &reason);
    if (!opened) {
      const Absence::Kind kind = path.empty() ? Absence::Kind::kNoLibrary : Absence::Kind::kNotNvml;
      *absence = path.empty() && !DriverLoaded() ? no_driver : Absence{kind, kLibraryNotFound, reason};
      return nullptr;
    }
    place.used = Load(opened, place);
    if (!place.used) {
      const std::string name = path.empty() ? "libnvidia-ml.so.1" : path;
      *absence = {Absence::Kind::kNotNvml, kFunctionNotFound, name + " is not an NVML library: it has no nvmlInit_v2"};
      return nullptr;
    }
  }

  if (path.empty() && place.used->library.simulator_profile_.empty() && !DriverLoaded()) {
    *absence = no_driver;
    return nullptr;
  }
  if (!place.used->initialised) {
    const Return result = Initialise(place);
    if (result != kSuccess) {
      const Absence::Kind kind = result == kDriverNotLoaded ? Absence::Kind::kNoDriver : Absence::Kind::kFailed;
      *absence = {kind, result, WhyNotInitialized(result)};
      return nullptr;
    }
  }
  place.used->initialised = true;
  place.used->users++;
  return std::unique_ptr<Handle>(new Handle(place.used));
}

Handle::Handle(Loaded* loaded)
    : loaded_(loaded), library_(&loaded->library), generation_(loaded->generation.load()) {}

void Handle::NoteClosed() {
  std::lock_guard<std::mutex> lock(loaded_->mutex);
  if (IsClosed()) return;  // somebody did, and it may be initialised anew
  loaded_->generation++;
  loaded_->initialised = false;
}

bool Handle::IsClosed() const { return loaded_->generation.load() != generation_; }

Handle::~Handle() {
  const InDriver in_driver;
  std::lock_guard<std::mutex> lock(loaded_->mutex);
  if (--loaded_->users > 0) return;
  loaded_->initialised = false;
  if (auto* shutdown = library_->Get<ShutdownFn>(Symbol::kShutdown)) shutdown();
}

}  // namespace nvpulse::nvml
