#include "readers/gpu.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace nvpulse {
namespace {

using nvml::Return;

/// Buffers are larger than any string of NVML's and end in a zero of our own, which some drivers leave out.
constexpr uint32_t kStringSize = 96;

std::string DeviceString(const nvml::Library& library, nvml::Device device, Symbol symbol) {
  auto* call = library.Get<nvml::DeviceStringFn>(symbol);
  char text[kStringSize + 1] = {};
  return call && call(device, text, kStringSize) == nvml::kSuccess ? text : "";
}

bool Decode(const nvml::FieldValue& field, double* value) {
  if (field.value_type == 1) {  // most are, and a jump table costs as much as a call
    *value = field.value.u32;
    return true;
  }
  switch (field.value_type) {
    case 0: *value = field.value.f64; return true;
    case 2:
    case 3: *value = static_cast<double>(field.value.u64); return true;
    case 4: *value = static_cast<double>(field.value.i64); return true;
    case 5: *value = field.value.i32; return true;
    case 6: *value = field.value.u16; return true;
    default: return false;
  }
}

template <typename Function, typename... Arguments>
Return Call(const nvml::Library& library, Symbol symbol, Arguments... arguments) {
  auto* call = library.Get<Function>(symbol);
  return call ? call(arguments...) : nvml::kFunctionNotFound;
}

Return AskField(const nvml::Library& library, nvml::Device device, uint32_t id, double* answer) {
  nvml::FieldValue field{};
  field.field_id = id;
  const Return result = Call<nvml::FieldValuesFn>(library, Symbol::kDeviceGetFieldValues, device, 1, &field);
  if (result != nvml::kSuccess) return result;
  if (field.result != nvml::kSuccess) return field.result;
  return Decode(field, answer) ? nvml::kSuccess : nvml::kNotSupported;
}

Return AskMemory(const nvml::Library& library, nvml::Device device, double* used_free_total) {
  nvml::MemoryV2 memory{};
  memory.version = nvml::kMemoryV2Version;
  const Return result = Call<nvml::MemoryV2Fn>(library, Symbol::kDeviceGetMemoryInfo_v2, device, &memory);
  if (result != nvml::kSuccess) {  // drivers before 510
    nvml::Memory old{};
    const Return old_result = Call<nvml::MemoryFn>(library, Symbol::kDeviceGetMemoryInfo, device, &old);
    if (old_result != nvml::kSuccess) return IsPermanent(result) ? old_result : result;
    memory.total = old.total;
    memory.free = old.free;
    memory.used = old.used;
  }
  used_free_total[0] = static_cast<double>(memory.used);
  used_free_total[1] = static_cast<double>(memory.free);
  used_free_total[2] = static_cast<double>(memory.total);
  return memory.total == 0 ? nvml::kNotSupported : nvml::kSuccess;  // unified memory: the host's, not the device's
}

/// Row I of the table: its answers in the order of its columns, unscaled. Call first, convert after, in two statements:
/// arguments are evaluated in no order.
template <int I>
Return Ask(const nvml::Library& library, nvml::Device device, double* answers) {
  constexpr NvmlRead read = kNvmlReads[I];
  if constexpr (read.shape == Shape::kField) {
    return AskField(library, device, read.arg, answers);
  } else if constexpr (read.shape == Shape::kMemory) {
    return AskMemory(library, device, answers);
  } else if constexpr (read.shape == Shape::kUtilization) {
    nvml::Utilization rates{};
    const Return result = Call<nvml::UtilizationFn>(library, read.symbol, device, &rates);
    answers[0] = rates.gpu;
    answers[1] = rates.memory;
    return result;
  } else if constexpr (read.shape == Shape::kU64) {
    unsigned long long raw = 0;
    const Return result = Call<nvml::U64Fn>(library, read.symbol, device, &raw);
    answers[0] = static_cast<double>(raw);
    return result;
  } else {
    uint32_t raw = 0;
    Return result = nvml::kFunctionNotFound;
    [[maybe_unused]] uint32_t period = 0;
    if constexpr (read.shape == Shape::kU32) result = Call<nvml::U32Fn>(library, read.symbol, device, &raw);
    if constexpr (read.shape == Shape::kU32Arg) result = Call<nvml::U32ArgFn>(library, read.symbol, device, read.arg, &raw);
    if constexpr (read.shape == Shape::kU32Pair) result = Call<nvml::U32PairFn>(library, read.symbol, device, &raw, &period);
    answers[0] = raw;
    return result;
  }
}

/// Row I on one device, into the places of its columns.
template <int I>
Return ReadRow(const nvml::Library& library, nvml::Device device, const int* places, double* values, Status* status) {
  constexpr NvmlRead read = kNvmlReads[I];
  constexpr int kAnswers = read.columns[1] == kNoColumn ? 1 : read.columns[2] == kNoColumn ? 2 : 3;
  double answers[kAnswers];
  const Return result = Ask<I>(library, device, answers);
  for (int k = 0; k < kAnswers; k++) {
    const int place = places[read.columns[k]];
    if (place == kNoColumn) continue;
    values[place] = result == nvml::kSuccess ? answers[k] * read.scale : kMissing;
    status[place] = static_cast<Status>(result);
  }
  return result;
}

template <int... I>
constexpr std::array<decltype(&ReadRow<0>), sizeof...(I)> RowReaders(std::integer_sequence<int, I...>) {
  return {ReadRow<I>...};
}

template <int... I>
constexpr std::array<int, sizeof...(I)> Identity(std::integer_sequence<int, I...>) {
  return {I...};
}

using AllRows = std::make_integer_sequence<int, kNvmlReadCount>;

/// The whole table as straight-line code: a loop over its rows would cost as much as the cheapest calls.
template <int... I>
void ReadRows(std::integer_sequence<int, I...>, const nvml::Library& library, nvml::Device device,
              const GpuPlaces& places, double* values, Status* status) {
  ((places.rows[I] ? static_cast<void>(ReadRow<I>(library, device, places.of, values, status)) : void()), ...);
}

}  // namespace

Return ReadNvml(const nvml::Library& library, nvml::Device device, int row, double* values, Status* status) {
  static constexpr auto kReaders = RowReaders(AllRows{});
  static constexpr auto kPlaces = Identity(std::make_integer_sequence<int, gpu::kColumns>{});
  return kReaders[static_cast<size_t>(row)](library, device, kPlaces.data(), values, status);
}

GpuPlaces::GpuPlaces(const std::vector<int>& columns) {
  std::fill(std::begin(of), std::end(of), kNoColumn);
  for (size_t i = 0; i < columns.size(); i++) of[columns[i]] = static_cast<int>(i);
  for (int row = 0; row < kNvmlReadCount; row++) {
    for (int column : kNvmlReads[row].columns) rows[row] = rows[row] || (column != kNoColumn && of[column] != kNoColumn);
  }
}

void ReadNvml(const nvml::Library& library, nvml::Device device, const GpuPlaces& places, double* values,
              Status* status) {
  ReadRows(AllRows{}, library, device, places, values, status);
}

std::string SystemString(const nvml::Library& library, Symbol symbol) {
  auto* call = library.Get<nvml::SystemStringFn>(symbol);
  char text[kStringSize + 1] = {};
  return call && call(text, kStringSize) == nvml::kSuccess ? text : "";
}

GpuIdentity IdentifyGpu(const nvml::Library& library, nvml::Device device, uint32_t index,
                        const std::string& driver_version) {
  GpuIdentity identity;
  identity.index = index;
  identity.name = DeviceString(library, device, Symbol::kDeviceGetName);
  identity.uuid = DeviceString(library, device, Symbol::kDeviceGetUUID);
  identity.serial = DeviceString(library, device, Symbol::kDeviceGetSerial);
  identity.driver_version = driver_version;
  nvml::PciInfo pci{};
  auto* pci_info = library.Get<nvml::PciInfoFn>(Symbol::kDeviceGetPciInfo_v3);
  if (pci_info && pci_info(device, &pci) == nvml::kSuccess) {
    identity.pci_bus_id.assign(pci.bus_id, strnlen(pci.bus_id, sizeof pci.bus_id));
  }
  if (identity.uuid.empty()) identity.uuid = identity.pci_bus_id;
  if (identity.uuid.empty()) identity.uuid = "index " + std::to_string(index);
  return identity;
}

double BoardPower__W(const nvml::Library& library, nvml::Device device) {
  uint32_t lowest__mW = 0;
  uint32_t limits__mW[3] = {};
  const Return results[] = {
      Call<nvml::U32PairFn>(library, Symbol::kDeviceGetPowerManagementLimitConstraints, device, &lowest__mW, &limits__mW[0]),
      Call<nvml::U32Fn>(library, Symbol::kDeviceGetPowerManagementDefaultLimit, device, &limits__mW[1]),
      Call<nvml::U32Fn>(library, Symbol::kDeviceGetEnforcedPowerLimit, device, &limits__mW[2])};
  double most__W = 0;
  for (int i = 0; i < 3; i++) {
    if (results[i] == nvml::kSuccess) most__W = std::max(most__W, limits__mW[i] * 1e-3);
  }
  return most__W;
}

std::vector<IdentityField> GpuIdentity::Fields() const {
  std::vector<IdentityField> fields;
  fields.push_back({"index", static_cast<double>(index)});
  fields.push_back({"uuid", uuid});
  fields.push_back({"name", name});
  fields.push_back({"pci_bus_id", pci_bus_id});
  if (serial.empty()) {
    fields.push_back({"serial", std::monostate{}});
  } else {
    fields.push_back({"serial", serial});
  }
  fields.push_back({"driver_version", driver_version});
  return fields;
}

}  // namespace nvpulse
