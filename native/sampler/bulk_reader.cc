#include "sampler/bulk_reader.h"

#include <algorithm>
#include <utility>

#include "nvml/in_driver.h"
#include "nvml/words.h"
#include "sampler/retry.h"
#include "sampler/thread.h"

namespace nvpulse {
namespace {

/// Shutting NVML down takes the driver's time. Where there is no thread it stays initialised.
struct DestroyElsewhere {
  void operator()(nvml::Handle* handle) const {
    if (!handle) return;
    Thread thread;
    thread.Start("nvpulse-close", [handle] { delete handle; });
  }
};

}  // namespace

/// All GPUs that can be opened, on a handle that there is or a new one.
void BulkReader::Look(const std::string& nvml_path, Found& found) {
  const nvml::InDriver in_driver;
  nvml::Absence absence;
  if (!found.handle) found.handle = {nvml::Handle::Acquire(nvml_path, &absence).release(), DestroyElsewhere()};
  if (!found.handle) {
    found.why = absence.code;
    found.reason = absence.reason;
    return;
  }
  const nvml::Library& library = found.handle->library();
  uint32_t count = 0;
  found.why = library.Get<nvml::CountFn>(Symbol::kDeviceGetCount_v2)(&count);
  if (found.why != nvml::kSuccess) {
    found.reason = "the driver does not list its GPUs: " + nvml::InWords(found.why);
    found.handle.reset();
    return;
  }
  auto* by_index = library.Get<nvml::HandleByIndexFn>(Symbol::kDeviceGetHandleByIndex_v2);
  for (uint32_t index = 0; by_index && index < count; index++) {
    Gpu gpu;
    if (by_index(index, &gpu.device) != nvml::kSuccess) continue;
    gpu.uuid = IdentifyGpu(library, gpu.device, index, "").uuid;
    found.gpus.push_back(std::move(gpu));
  }
}

std::unique_ptr<BulkReader> BulkReader::Open(const std::string& nvml_path, const std::vector<int>& columns,
                                             std::string* reason) {
  Found found;
  Look(nvml_path, found);
  *reason = found.reason;
  if (!found.handle) return nullptr;
  std::unique_ptr<BulkReader> reader(new BulkReader(nvml_path, columns));
  reader->handle_ = std::move(found.handle);
  reader->gpus_ = std::move(found.gpus);
  return reader;
}

void BulkReader::Read(double* values, Status* status) {
  if (columns_ == 0) return;
  if (amiss_ || handle_->IsClosed()) Renew();
  for (Gpu& gpu : gpus_) {
    if (gpu.device) {
      ReadNvml(handle_->library(), gpu.device, places_, values, status);
      if (status[gpu.probe] != kOk) Doubt(gpu, status);
    } else {
      std::fill(values, values + columns_, kMissing);
      std::fill(status, status + columns_, handle_ ? kGone : static_cast<Status>(closed_by_));
    }
    values += columns_;
    status += columns_;
  }
}

/// A column could not be read: is it alone?
void BulkReader::Doubt(Gpu& gpu, const Status* status) {
  const Status* const end = status + columns_;
  for (const Status* cell = status; cell < end; cell++) {
    if (IsClosed(*cell)) closed_by_ = *cell;
    amiss_ = amiss_ || IsClosed(*cell) || IsLost(*cell);
  }
  const Status* const readable = std::find(status, end, kOk);
  if (readable != end) gpu.probe = static_cast<size_t>(readable - status);
}

/// Before a pass where something is amiss: takes what was found, or has it looked for.
void BulkReader::Renew() {
  amiss_ = true;
  if (handle_ && (closed_by_ != nvml::kSuccess || handle_->IsClosed())) {
    Leave();
  } else if (looking_ && looking_->done.load(std::memory_order_acquire)) {
    Take(*looking_);
    looking_.reset();
  }
  if (amiss_ && !looking_ && MonotonicNs() >= retry_ns_) LookElsewhere();
}

/// NVML is closed: no device of it is valid any longer, nor what is being looked for in it.
void BulkReader::Leave() {
  if (closed_by_ == nvml::kSuccess) closed_by_ = nvml::kUninitialized;
  for (Gpu& gpu : gpus_) gpu.device = nullptr;
  left_ = std::move(handle_);
  handle_.reset();
  looking_.reset();
}

void BulkReader::LookElsewhere() {
  auto found = std::make_shared<Found>();
  found->handle = handle_;
  retry_ns_ = MonotonicNs() + kRetry_ns;
  Thread thread;
  const bool started = thread.Start("nvpulse-open", [path = nvml_path_, left = std::move(left_), found] {
    const int64_t begun_ns = MonotonicNs();
    if (left) left->NoteClosed();
    Look(path, *found);
    found->retry_ns = RetryAt(begun_ns, MonotonicNs());
    found->done.store(true, std::memory_order_release);
  });
  if (started) looking_ = std::move(found);
}

/// A GPU that was not found keeps the device that it has.
void BulkReader::Take(Found& found) {
  retry_ns_ = found.retry_ns;
  if (!found.handle) {
    if (!handle_) closed_by_ = found.why;
    return;
  }
  handle_ = std::move(found.handle);
  closed_by_ = nvml::kSuccess;
  amiss_ = false;
  for (Gpu& gpu : gpus_) {
    for (const Gpu& there : found.gpus) {
      if (there.uuid == gpu.uuid) gpu.device = there.device;
    }
    amiss_ = amiss_ || !gpu.device;
  }
}

}  // namespace nvpulse
