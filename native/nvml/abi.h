// NVML's binary interface as far as we call it, declared by ourselves (Linux, LP64, natural alignment).
// Immutable declarations; any thread.
#pragma once
#include <cstdint>

namespace nvpulse::nvml {

using Return = int32_t;
using Device = void*;

inline constexpr Return kSuccess = 0;
inline constexpr Return kUninitialized = 1;
inline constexpr Return kNotSupported = 3;
inline constexpr Return kNotFound = 6;
inline constexpr Return kInsufficientSize = 7;
inline constexpr Return kDriverNotLoaded = 9;
inline constexpr Return kLibraryNotFound = 12;
inline constexpr Return kFunctionNotFound = 13;
inline constexpr Return kGpuIsLost = 15;
inline constexpr Return kVersionMismatch = 18;
inline constexpr Return kUnknown = 999;

struct Utilization {
  uint32_t gpu;
  uint32_t memory;
};

struct Memory {
  uint64_t total;
  uint64_t free;
  uint64_t used;
};

/// `used` leaves out what the driver reserves. Driver 510 and later.
struct MemoryV2 {
  uint32_t version;
  uint64_t total;
  uint64_t reserved;
  uint64_t free;
  uint64_t used;
};
inline constexpr uint32_t kMemoryV2Version = sizeof(MemoryV2) | (2u << 24);

struct PciInfo {
  char bus_id_legacy[16];
  uint32_t domain;
  uint32_t bus;
  uint32_t device;
  uint32_t pci_device_id;
  uint32_t pci_subsystem_id;
  char bus_id[32];
};

union Value {
  double f64;
  int32_t i32;
  uint32_t u32;
  uint64_t u64;
  int64_t i64;
  uint16_t u16;
};

/// In and out: field_id and scope_id are set before every call. Decode `value` by value_type, never by expectation.
struct FieldValue {
  uint32_t field_id;
  uint32_t scope_id;
  int64_t timestamp__us;
  int64_t latency__us;
  uint32_t value_type;
  Return result;
  Value value;
};

/// used_memory where the driver does not tell.
inline constexpr uint64_t kMemoryNotAvailable = ~0ull;

struct ProcessUtilizationSample {
  uint32_t pid;
  uint64_t timestamp__us;
  uint32_t sm_util;
  uint32_t mem_util;
  uint32_t enc_util;
  uint32_t dec_util;
};

static_assert(sizeof(Memory) == 24 && sizeof(MemoryV2) == 40 && sizeof(PciInfo) == 68);
static_assert(sizeof(FieldValue) == 40 && sizeof(ProcessUtilizationSample) == 32);

// Function types, named as the symbols are.
using InitFn = Return();
using ShutdownFn = Return();
using SystemStringFn = Return(char*, uint32_t);
using CountFn = Return(uint32_t*);
using HandleByIndexFn = Return(uint32_t, Device*);
using HandleByBusIdFn = Return(const char*, Device*);
using DeviceStringFn = Return(Device, char*, uint32_t);
using PciInfoFn = Return(Device, PciInfo*);
using U32Fn = Return(Device, uint32_t*);
using U32ArgFn = Return(Device, uint32_t, uint32_t*);
using U32PairFn = Return(Device, uint32_t*, uint32_t*);
using U64Fn = Return(Device, unsigned long long*);
using UtilizationFn = Return(Device, Utilization*);
using MemoryFn = Return(Device, Memory*);
using MemoryV2Fn = Return(Device, MemoryV2*);
using FieldValuesFn = Return(Device, int32_t, FieldValue*);
using ProcessesFn = Return(Device, uint32_t*, void*);
using ProcessUtilizationFn = Return(Device, ProcessUtilizationSample*, uint32_t*, unsigned long long);
using SimulatorProfileFn = const char*();

}  // namespace nvpulse::nvml
