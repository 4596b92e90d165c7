// The binary interface of libnvidia-ml.so.1 as the simulator offers it: layouts, version words and return
// codes, declared here on their own so that the client side (native/nvml) is checked by a second reading.
// Thread: any; no state.
#pragma once
#include <cstddef>
#include <cstdint>

namespace nvpulse::simulator {

using Handle = void*;

enum Return : int32_t {
  kSuccess = 0,
  kUninitialized = 1,
  kInvalidArgument = 2,
  kNotSupported = 3,
  kNoPermission = 4,
  kNotFound = 6,
  kInsufficientSize = 7,
  kDriverNotLoaded = 9,
  kTimeout = 10,
  kGpuIsLost = 15,
  kVersionMismatch = 25,
  kUnknown = 999,
};

/** A versioned struct says its own size and version in its first word. */
constexpr uint32_t VersionWord(size_t size, uint32_t version) {
  return static_cast<uint32_t>(size) | version << 24;
}

struct PciInfo {
  char bus_id_legacy[16];
  uint32_t domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
};
static_assert(sizeof(PciInfo) == 68 && offsetof(PciInfo, bus_id) == 36);

struct PciInfoExt {
  uint32_t version, domain, bus, device, device_id, subsystem_id, base_class, sub_class;
  char bus_id[32];
};
static_assert(sizeof(PciInfoExt) == 64 && offsetof(PciInfoExt, bus_id) == 32);

struct Utilization {
  uint32_t gpu, memory;
};
static_assert(sizeof(Utilization) == 8);

struct MemoryInfo {
  uint64_t total, free, used;
};
static_assert(sizeof(MemoryInfo) == 24 && offsetof(MemoryInfo, used) == 16);

struct MemoryInfo2 {
  uint32_t version;
  uint64_t total, reserved, free, used;
};
static_assert(sizeof(MemoryInfo2) == 40 && offsetof(MemoryInfo2, used) == 32);

struct Bar1Memory {
  uint64_t total, free, used;
};
static_assert(sizeof(Bar1Memory) == 24);

struct ProcessInfo1 {
  uint32_t pid;
  uint64_t used_memory;
};
static_assert(sizeof(ProcessInfo1) == 16 && offsetof(ProcessInfo1, used_memory) == 8);

struct ProcessInfo2 {
  uint32_t pid;
  uint64_t used_memory;
  uint32_t gpu_instance, compute_instance;
};
static_assert(sizeof(ProcessInfo2) == 24 && offsetof(ProcessInfo2, compute_instance) == 20);

struct ProcessDetail {
  uint32_t pid;
  uint64_t used_memory;
  uint32_t gpu_instance, compute_instance;
  uint64_t used_protected_memory;
};
static_assert(sizeof(ProcessDetail) == 32 && offsetof(ProcessDetail, used_protected_memory) == 24);

struct ProcessDetailList {
  uint32_t version, mode, entries;
  ProcessDetail* array;
};
static_assert(sizeof(ProcessDetailList) == 24 && offsetof(ProcessDetailList, array) == 16);

struct ProcessUtilization {
  uint32_t pid;
  uint64_t timestamp__us;
  uint32_t sm, memory, encoder, decoder;
};
static_assert(sizeof(ProcessUtilization) == 32 && offsetof(ProcessUtilization, sm) == 16);

struct ProcessUtilizationInfo {
  uint64_t timestamp__us;
  uint32_t pid, sm, memory, encoder, decoder, jpeg, ofa;
};
static_assert(sizeof(ProcessUtilizationInfo) == 40 && offsetof(ProcessUtilizationInfo, ofa) == 32);

struct ProcessesUtilizationInfo {
  uint32_t version, count;
  uint64_t last_seen__us;
  ProcessUtilizationInfo* array;
};
static_assert(sizeof(ProcessesUtilizationInfo) == 24 && offsetof(ProcessesUtilizationInfo, array) == 16);

/** Which member of Value an answer is in. */
enum ValueType : uint32_t { kUint32 = 1, kUint64 = 3 };

union Value {
  double f64;
  uint32_t u32;
  uint64_t u64;
};
static_assert(sizeof(Value) == 8);

struct Sample {
  uint64_t timestamp__us;
  Value value;
};
static_assert(sizeof(Sample) == 16);

struct FieldValue {
  uint32_t id, scope;
  int64_t timestamp__us, latency__us;
  uint32_t value_type;
  int32_t status;
  Value value;
};
static_assert(sizeof(FieldValue) == 40 && offsetof(FieldValue, value_type) == 24 && offsetof(FieldValue, value) == 32);

struct Temperature {
  uint32_t version, sensor;
  int32_t celsius;
};
static_assert(sizeof(Temperature) == 12);

struct MarginTemperature {
  uint32_t version;
  int32_t celsius;
};
static_assert(sizeof(MarginTemperature) == 8);

struct FanSpeedInfo {
  uint32_t version, fan, rpm;
};
static_assert(sizeof(FanSpeedInfo) == 12);

struct DriverBranch {
  uint32_t version;
  char branch[80];
};
static_assert(sizeof(DriverBranch) == 84);

struct EventData {
  Handle device;
  uint64_t type, data;
  uint32_t gpu_instance, compute_instance;
};
static_assert(sizeof(EventData) == 32);

struct GpmSupport {
  uint32_t version, supported;
};
static_assert(sizeof(GpmSupport) == 8);

}  // namespace nvpulse::simulator
