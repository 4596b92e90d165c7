#include "sampler/bulk_reader.h"

#include "nvml/words.h"

namespace nvpulse {

std::unique_ptr<BulkReader> BulkReader::Open(const std::string& nvml_path, const std::vector<int>& columns,
                                             std::string* reason) {
  nvml::Absence absence = nvml::Absence::kNone;
  std::unique_ptr<BulkReader> reader(new BulkReader(columns));
  reader->handle_ = nvml::Handle::Acquire(nvml_path, &absence, reason);
  if (!reader->handle_) return nullptr;
  const nvml::Library& library = reader->handle_->library();
  uint32_t count = 0;
  const nvml::Return result = library.Get<nvml::CountFn>(Symbol::kDeviceGetCount_v2)(&count);
  if (result != nvml::kSuccess) {
    *reason = "the driver does not list its GPUs: " + nvml::InWords(result);
    return nullptr;
  }
  auto* by_index = library.Get<nvml::HandleByIndexFn>(Symbol::kDeviceGetHandleByIndex_v2);
  for (uint32_t index = 0; by_index && index < count; index++) {
    nvml::Device device = nullptr;
    if (by_index(index, &device) == nvml::kSuccess) reader->devices_.push_back(device);
  }
  return reader;
}

void BulkReader::Read(double* values, Status* status) {
  for (const nvml::Device device : devices_) {
    ReadNvml(handle_->library(), device, places_, values, status);
    values += columns_;
    status += columns_;
  }
}

}  // namespace nvpulse
