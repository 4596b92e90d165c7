// Initialisation, handles, and the slow path of every call: latencies and faults.
#include "simulator/library.h"

#include <mutex>

namespace nvpulse::simulator {

Library library;

namespace {

std::mutex init_mutex;

uint64_t Monotonic__ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

/** Below a millisecond a sleep would be far too long: spin, as a driver call would hold the processor. */
void Spend(uint64_t duration__ns) {
  const uint64_t end__ns = Monotonic__ns() + duration__ns;
  if (duration__ns < 1000000) {
    while (Monotonic__ns() < end__ns) {
    }
    return;
  }
  const timespec end = {static_cast<time_t>(end__ns / 1000000000), static_cast<long>(end__ns % 1000000000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nullptr) != 0) {
  }
}

/** No signal ends it. */
void HangFor(uint64_t duration__ns) {
  const timespec hour = {3600, 0};
  while (duration__ns == kForever) clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, nullptr);
  Spend(duration__ns);
}

}  // namespace

bool Library::Configure() {
  static const bool valid = [this] {
    if (!ReadOptions(&options_)) return false;
    for (uint32_t i = 0; i < device_count(); i++) {
      devices_[i].Set(options_, i);
    }
    started__ns_ = Monotonic__ns();
    started_real__ns_ = Now__ns();
    return true;
  }();
  return valid;
}

Return Library::Init(Call call) {
  if (!Configure()) return kInvalidArgument;
  const uint64_t elapsed__ns = Elapsed__ns();
  for (const Fault& fault : options_.faults) {
    if (fault.kind == Fault::Kind::kDriverReload && fault.Active(elapsed__ns)) return kDriverNotLoaded;
  }
  if (const Return status = Suffer(call, kNoGpu)) return status;
  const std::lock_guard<std::mutex> lock(init_mutex);
  if (references_++ == 0 || ReloadedSinceInit(elapsed__ns)) {
    handle_base_.store(handle_base_.load() + (1 << 16));
    inited_at__ns_.store(elapsed__ns);
  }
  const bool plain = options_.faults.Empty() && !options_.real_latency;
  mode_.store(plain ? Mode::kPlain : Mode::kEventful, std::memory_order_release);
  return kSuccess;
}

Return Library::Shutdown() {
  if (const Return status = Enter(Call::Shutdown)) return status;
  const std::lock_guard<std::mutex> lock(init_mutex);
  if (references_ == 0) return kUninitialized;
  if (--references_ == 0) mode_.store(Mode::kClosed, std::memory_order_release);
  return kSuccess;
}

Return Library::EnterSlow(Call call) {
  const Return status = EnterLookup(call);
  return status == kSuccess ? Suffer(call, kNoGpu) : status;
}

Return Library::EnterLookup(Call call) {
  if (mode_.load(std::memory_order_acquire) == Mode::kClosed) return kUninitialized;
  return call == Call::Shutdown ? kSuccess : ReloadStatus(Elapsed__ns());
}

Opened Library::OpenSlow(Call call, Handle handle) {
  if (mode_.load(std::memory_order_acquire) == Mode::kClosed) return {kUninitialized, nullptr};
  const uint64_t elapsed__ns = Elapsed__ns();
  if (const Return status = ReloadStatus(elapsed__ns)) return {status, nullptr};
  const uint64_t code = Decode(handle);
  const uint64_t losses = code >> 8;
  const uint64_t place = (code & 0xff) - 1;
  if (losses > UINT8_MAX || place >= device_count()) return {kInvalidArgument, nullptr};
  const uint32_t index = static_cast<uint32_t>(place);
  if (const Return status = Suffer(call, static_cast<int32_t>(index))) return {status, nullptr};
  if (Lost(index, elapsed__ns) || losses < LossesOver(index, elapsed__ns)) return {kGpuIsLost, nullptr};
  return {kSuccess, &devices_[index]};
}

Return Library::HandleOf(Call call, uint32_t index, Handle* handle) {
  const bool plain = mode_.load(std::memory_order_acquire) == Mode::kPlain;
  const uint64_t elapsed__ns = plain ? 0 : Elapsed__ns();
  if (!plain) {
    if (const Return status = Suffer(call, static_cast<int32_t>(index))) return status;
    if (Lost(index, elapsed__ns)) return kGpuIsLost;
  }
  if (const Return status = devices_[index].board().handle_status) return status;
  *handle = Encode(index, LossesOver(index, elapsed__ns));
  return kSuccess;
}

/** Latency first, then the first fault that applies. */
Return Library::Suffer(Call call, int32_t gpu) {
  const uint64_t elapsed__ns = Elapsed__ns();
  if (options_.real_latency) Spend(kCalls[static_cast<size_t>(call)].latency__ns);
  for (const Fault& fault : options_.faults) {
    if (!fault.Hits(call, gpu) || !fault.Active(elapsed__ns)) continue;
    if (fault.kind == Fault::Kind::kLatency) Spend(fault.latency__ns);
    if (fault.kind == Fault::Kind::kHang) HangFor(fault.until__ns == kForever ? kForever : fault.until__ns - elapsed__ns);
    if (fault.kind == Fault::Kind::kError) return static_cast<Return>(fault.code);
  }
  return kSuccess;
}

/** Gone while it is reloaded; afterwards uninitialised, until init is called again. */
Return Library::ReloadStatus(uint64_t elapsed__ns) const {
  for (const Fault& fault : options_.faults) {
    if (fault.kind == Fault::Kind::kDriverReload && fault.Active(elapsed__ns)) return kDriverNotLoaded;
  }
  return ReloadedSinceInit(elapsed__ns) ? kUninitialized : kSuccess;
}

bool Library::ReloadedSinceInit(uint64_t elapsed__ns) const {
  const uint64_t inited_at__ns = inited_at__ns_.load();
  for (const Fault& fault : options_.faults) {
    if (fault.kind == Fault::Kind::kDriverReload && fault.until__ns <= elapsed__ns && inited_at__ns < fault.until__ns) return true;
  }
  return false;
}

uint32_t Library::LossesOver(uint32_t index, uint64_t elapsed__ns) const {
  uint32_t losses = 0;
  for (const Fault& fault : options_.faults) {
    if (fault.Takes(index) && fault.until__ns <= elapsed__ns) losses++;
  }
  return losses;
}

bool Library::Lost(uint32_t index, uint64_t elapsed__ns) const {
  for (const Fault& fault : options_.faults) {
    if (fault.Takes(index) && fault.Active(elapsed__ns)) return true;
  }
  return false;
}

uint32_t Library::plugged_count() const {
  uint32_t count = device_count();
  const uint64_t elapsed__ns = Elapsed__ns();
  for (const Fault& fault : options_.faults) {
    const auto gpu = static_cast<uint32_t>(fault.gpu);
    if (fault.kind == Fault::Kind::kUnplugged && fault.Active(elapsed__ns) && gpu < count) count = gpu;
  }
  return count;
}

int64_t Library::ToldByFaults(Call call, const Device& device, int64_t value) const {
  const uint64_t elapsed__ns = Elapsed__ns();
  for (const Fault& fault : options_.faults) {
    if (fault.kind != Fault::Kind::kValue || !fault.Active(elapsed__ns)) continue;
    if (!fault.Hits(call, static_cast<int32_t>(device.index()))) continue;
    return static_cast<int64_t>(fault.value + static_cast<uint64_t>(value) * fault.percent / 100);
  }
  return value;
}

uint64_t Library::Energy__mJ(const Device& device, uint64_t now__ns) const {
  const int64_t energy__mJ = device.Read(Channel::kEnergy, now__ns);
  if (options_.faults.Empty()) return static_cast<uint64_t>(energy__mJ);
  const uint64_t elapsed__ns = Elapsed__ns();
  int64_t base__mJ = 0;
  for (const Fault& fault : options_.faults) {
    const bool reset = fault.kind == Fault::Kind::kResetCounter || fault.kind == Fault::Kind::kDriverReload;
    const bool ours = fault.gpu == kNoGpu || fault.gpu == static_cast<int32_t>(device.index());
    const uint64_t at__ns = fault.kind == Fault::Kind::kDriverReload ? fault.until__ns : fault.from__ns;
    if (!reset || !ours || at__ns > elapsed__ns) continue;
    const int64_t held__mJ = device.Read(Channel::kEnergy, started_real__ns_ + at__ns);
    base__mJ = held__mJ > base__mJ ? held__mJ : base__mJ;
  }
  return static_cast<uint64_t>(energy__mJ - base__mJ);
}

uint64_t Library::Elapsed__ns() const { return Monotonic__ns() - started__ns_; }

}  // namespace nvpulse::simulator
