#include "nvml/library.h"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>

#include "nvml/words.h"

namespace nvpulse::nvml {

/// What the users of one path share.
struct Handle::Loaded {
  std::mutex mutex;  ///< Of what follows; held while the driver initialises or shuts down.
  Library* library = nullptr;
  int users = 0;
  bool initialised = false;
  std::atomic<uint64_t> generation{0};  ///< How often it was found to be shut down.
};

/// Leaked on purpose: abandoned threads may outlive static destruction.
struct Handle::Shared {
  std::mutex mutex;  ///< Of the map alone, never held while something is waited for.
  std::map<std::string, Loaded> by_path;

  static Loaded& Of(const std::string& path) {
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

std::string PathOf(void* function, const std::string& fallback) {
  Dl_info info{};
  return dladdr(function, &info) != 0 && info.dli_fname ? info.dli_fname : fallback;
}

}  // namespace

std::unique_ptr<Handle> Handle::Acquire(const std::string& path, Absence* absence, std::string* reason) {
  Loaded& loaded = Shared::Of(path);
  std::lock_guard<std::mutex> lock(loaded.mutex);

  if (!loaded.library) {
    void* opened = Open(path, reason);
    if (!opened) {
      *absence = !path.empty() ? Absence::kNotNvml : DriverLoaded() ? Absence::kNoLibrary : Absence::kNoDriver;
      if (*absence == Absence::kNoDriver) *reason = "no NVIDIA driver is loaded on this machine";
      return nullptr;
    }
    auto library = std::make_unique<Library>();
    for (int i = 0; i < kSymbols; i++) library->functions_[i] = dlsym(opened, kSymbolNames[i]);
    void* init = library->functions_[static_cast<int>(Symbol::kInit_v2)];
    if (!init || !library->functions_[static_cast<int>(Symbol::kDeviceGetCount_v2)]) {
      *absence = Absence::kNotNvml;
      *reason = (path.empty() ? std::string("libnvidia-ml.so.1") : path) + " is not an NVML library: it has no nvmlInit_v2";
      return nullptr;
    }
    library->path_ = PathOf(init, path);
    if (void* profile = dlsym(opened, "nvpulseSimulator")) {
      library->simulator_profile_ = reinterpret_cast<SimulatorProfileFn*>(profile)();
    }
    loaded.library = library.release();
  }

  if (path.empty() && loaded.library->simulator_profile_.empty() && !DriverLoaded()) {
    *absence = Absence::kNoDriver;
    *reason = "no NVIDIA driver is loaded on this machine";
    return nullptr;
  }
  if (!loaded.initialised) {
    const Return result = loaded.library->Get<InitFn>(Symbol::kInit_v2)();
    if (result != kSuccess) {
      *absence = result == kDriverNotLoaded ? Absence::kNoDriver : Absence::kFailed;
      *reason = WhyNotInitialized(result);
      return nullptr;
    }
  }
  loaded.initialised = true;
  loaded.users++;
  *absence = Absence::kNone;
  return std::unique_ptr<Handle>(new Handle(&loaded));
}

Handle::Handle(Loaded* loaded)
    : loaded_(loaded), library_(loaded->library), generation_(loaded->generation.load()) {}

void Handle::NoteClosed() {
  std::lock_guard<std::mutex> lock(loaded_->mutex);
  if (IsClosed()) return;  // somebody did, and it may be initialised anew
  loaded_->generation++;
  loaded_->initialised = false;
}

bool Handle::IsClosed() const { return loaded_->generation.load() != generation_; }

Handle::~Handle() {
  std::lock_guard<std::mutex> lock(loaded_->mutex);
  if (--loaded_->users > 0) return;
  loaded_->initialised = false;
  if (auto* shutdown = library_->Get<ShutdownFn>(Symbol::kShutdown)) shutdown();
}

}  // namespace nvpulse::nvml
