// What a simulated machine is, as data: boards with identities and channels, and the profiles that hold
// them (one file each in profiles/). Constant after start: any thread may read.
#pragma once
#include <cstddef>
#include <cstdint>

#include "simulator/abi.h"
#include "simulator/wave.h"

namespace nvpulse::simulator {

inline constexpr uint32_t kMaxDevices = 64;

/** Everything of a board that changes with time, in the unit NVML gives it in (memory: MiB). */
enum class Channel : uint8_t {
  kGpuUtilization,
  kMemoryUtilization,
  kEncoderUtilization,
  kDecoderUtilization,
  kJpegUtilization,
  kOfaUtilization,
  kPowerInstant,  // mW
  kPower,         // mW, what GetPowerUsage says: derived from kPowerInstant
  kEnergy,        // mJ: derived from kPowerInstant
  kTemperature,
  kMemoryTemperature,
  kGraphicsClock,
  kSmClock,
  kMemoryClock,
  kVideoClock,
  kFanSpeed,
  kPerfState,
  kMemoryUsed,  // MiB, without what the driver reserves
  kProcesses,   // how many compute processes
  kPcieTransmit,
  kPcieReceive,
  kClockReasons,
  kCount,
};
inline constexpr size_t kChannelCount = static_cast<size_t>(Channel::kCount);

/** How a channel follows from the waves: its own, or that of kPowerInstant. */
enum class Derived : uint8_t { kNo, kMean1s, kIntegral };

/**
 * A channel of a board. Device i runs i + 1 seconds ahead of the clock, and its levels are (i mod 8) × step
 * above those written here; a reading is as old as the last multiple of `refresh__ms`.
 * For a sine, low + high is even and high − low a multiple of 4, so that no reading falls on a rounding tie.
 */
struct ChannelSpec {
  Return status = kNotSupported;
  uint32_t refresh__ms = 100;
  Wave wave = {Form::kConstant, 1000, 0, 0};
  int64_t step = 0;
  Derived derived = Derived::kNo;
};

/** A live channel: refresh in ms, form, period in seconds, low, high, step. */
constexpr ChannelSpec Live(uint32_t refresh__ms, Form form, uint32_t period__s, int64_t low, int64_t high,
                           int64_t step) {
  return {kSuccess, refresh__ms, {form, period__s * 1000, low, high}, step, Derived::kNo};
}

constexpr ChannelSpec Steady(int64_t value) { return Live(100, Form::kConstant, 2, value, value, 0); }
constexpr ChannelSpec Failing(Return status) { return {status, 100, {Form::kConstant, 1000, 0, 0}, 0, Derived::kNo}; }
constexpr ChannelSpec MeanPower() { return {kSuccess, 100, {Form::kConstant, 1000, 0, 0}, 0, Derived::kMean1s}; }
constexpr ChannelSpec Energy() { return {kSuccess, 20, {Form::kConstant, 1000, 0, 0}, 0, Derived::kIntegral}; }

/** A kind of board. Strings that are null and numbers that are 0 answer NOT_SUPPORTED, where not said otherwise. */
struct Board {
  const char* name;
  const char* serial_prefix;  // the index follows in three digits
  const char* part_number;
  const char* vbios;
  uint32_t brand, architecture, cc_major, cc_minor;
  uint32_t pci_device_id, pci_subsystem_id;
  uint32_t cores, bus_width__bit;
  uint32_t fans;
  bool persistence;
  bool ecc;
  uint32_t pcie_generation, pcie_width;
  uint32_t nvlinks;                   // all active, of version 4.0, to a switch
  uint32_t memory_total__MiB, memory_reserved__MiB;  // 0 is an answer
  uint32_t bar1__MiB;
  uint32_t power_limit__mW, power_default__mW, power_min__mW, power_max__mW;
  bool power_manageable;              // GetPowerManagementLimit and its constraints answer
  uint32_t max_clock__MHz[4];         // graphics, SM, memory, video
  uint32_t threshold__C[4];           // shutdown, slowdown, memory maximum, GPU maximum
  uint32_t graphics_processes;        // 0 is an answer
  Return handle_status;               // what looking up its handle answers
  Return memory_status;
  bool hides_process_memory;          // usedGpuMemory is "not available"
  ChannelSpec channels[kChannelCount];

  constexpr ChannelSpec& operator[](Channel channel) { return channels[static_cast<size_t>(channel)]; }
  constexpr const ChannelSpec& operator[](Channel channel) const { return channels[static_cast<size_t>(channel)]; }
};

/** The driver whose library this is: each exports what that release does (drivers/). */
extern const char kDriver[];

/** A machine: its driver and its boards in order. */
struct Profile {
  const char* name;
  uint32_t number;  // in the UUIDs
  const char* driver_version;
  const char* nvml_version;
  int32_t cuda_version;
  uint32_t field_end;           // field ids from here on are unknown to this driver
  const Board* boards;
  uint32_t board_count;
  bool repeats;                 // all devices are boards[0]
  uint32_t device_count;
};

extern const Profile kH200x8, kT4, kDesktop, kLaptop, kOdd;

/** False for a name that is no profile. `h200x<N>`, N from 1 to 64, is the eight-GPU server with N boards. */
bool FindProfile(const char* name, Profile* profile);

/** The first of the profiles under this library's driver. */
const Profile& DefaultProfile();

/** For messages. */
inline constexpr char kProfileNames[] = "h200x8 (or any from h200x1 to h200x64), t4, desktop, laptop, odd";

}  // namespace nvpulse::simulator
