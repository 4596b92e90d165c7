// libnvidia-ml, opened at run time and never closed, with one initialisation shared by all users of the
// process: the only state that worker threads share. Where it does not initialise and its file has become another, as
// after an upgrade of the driver, that one is opened beside it. A handle is acquired and destroyed on a thread that may
// block (the driver decides how long, for the users of the same path alone); never on Node's.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "nvml/abi.h"
#include "nvml/symbols.h"

namespace nvpulse::nvml {

/// The symbols of one loaded library; immutable and never freed, so that an abandoned call stays valid.
class Library {
 public:
  /// The function of a symbol, or null.
  template <typename Function>
  Function* Get(Symbol symbol) const {
    return reinterpret_cast<Function*>(functions_[static_cast<int>(symbol)]);
  }

  const std::string& path() const { return path_; }
  /// The profile's name where the library is nvpulse's simulator, else ''.
  const std::string& simulator_profile() const { return simulator_profile_; }

 private:
  friend class Handle;
  void* functions_[kSymbols] = {};
  std::string path_;
  std::string simulator_profile_;
};

/// Why there is no NVML: in NVML's own code too, and in a sentence for people.
struct Absence {
  enum class Kind { kNoDriver, kNoLibrary, kNotNvml, kFailed };
  Kind kind = Kind::kFailed;
  Return code = kSuccess;
  std::string reason;
};

/// One user's share of an initialised NVML; shut down when the last is released.
class Handle {
 public:
  /// Opens and initialises. `path` '' means the system's library, for which a loaded driver is required first:
  /// initialising without one has side effects (it may load modules and create device nodes).
  /// Null with `absence` set where there is none.
  static std::unique_ptr<Handle> Acquire(const std::string& path, Absence* absence);

  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  const Library& library() const { return *library_; }

  /// NVML was found to be shut down, though nobody here did: whoever acquires next initialises it anew. May block.
  void NoteClosed();
  /// Whether that was noted, by whichever user, since this handle was acquired.
  bool IsClosed() const;

 private:
  struct Loaded;
  struct Place;
  struct Shared;
  explicit Handle(Loaded* loaded);
  static Loaded* Load(void* opened, Place& place);
  static Return Initialise(Place& place);
  static void LookForAnother(Place& place);
  Loaded* const loaded_;
  const Library* const library_;
  const uint64_t generation_;
};

}  // namespace nvpulse::nvml
