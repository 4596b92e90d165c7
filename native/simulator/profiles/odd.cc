// Profile odd: seven boards under an old driver (470), each lacking something else. What a client must bear.
#include <initializer_list>

#include "simulator/profile.h"

namespace nvpulse::simulator {
namespace {

constexpr Board Base(const char* name) {
  Board board{};
  board.name = name;
  board.serial_prefix = "0324017000";
  board.part_number = "900-00000-0000-000";
  board.vbios = "92.00.19.00.01";
  board.brand = 14;
  board.architecture = 7;
  board.cc_major = 8;
  board.pci_device_id = 0x20B010DE;
  board.pci_subsystem_id = 0x134F10DE;
  board.ecc = true;
  board.pcie_generation = 4;
  board.pcie_width = 16;
  board.memory_total__MiB = 40536;
  board.memory_reserved__MiB = 313;
  board.bar1__MiB = 65536;
  board.power_limit__mW = 250000;
  board.power_default__mW = 400000;
  board.power_min__mW = 100000;
  board.power_max__mW = 400000;
  board.power_manageable = true;
  board.max_clock__MHz[0] = 1410;
  board.max_clock__MHz[1] = 1410;
  board.max_clock__MHz[2] = 1215;
  board.max_clock__MHz[3] = 1290;
  board.threshold__C[0] = 92;
  board.threshold__C[1] = 89;

  board[Channel::kGpuUtilization] = Live(100, Form::kRamp, 14, 6, 90, 1);
  board[Channel::kMemoryUtilization] = Live(100, Form::kSquare, 18, 8, 56, 1);
  board[Channel::kEncoderUtilization] = Live(100, Form::kRamp, 10, 2, 32, 1);
  board[Channel::kDecoderUtilization] = Live(100, Form::kSquare, 12, 5, 41, 1);
  board[Channel::kPowerInstant] = Live(100, Form::kRamp, 12, 55000, 235000, 1000);
  board[Channel::kPower] = board[Channel::kPowerInstant];
  board[Channel::kEnergy] = Energy();
  board[Channel::kTemperature] = Live(1000, Form::kRamp, 46, 31, 77, 1);
  board[Channel::kMemoryTemperature] = Live(1000, Form::kSine, 70, 41, 81, 1);
  board[Channel::kGraphicsClock] = Live(100, Form::kRamp, 22, 210, 1305, 15);
  board[Channel::kSmClock] = Live(100, Form::kSquare, 22, 210, 1290, 15);
  board[Channel::kMemoryClock] = Live(100, Form::kRamp, 44, 405, 1200, 1);
  board[Channel::kVideoClock] = Live(100, Form::kRamp, 36, 585, 1185, 15);
  board[Channel::kFanSpeed] = Live(1000, Form::kSine, 64, 30, 70, 1);
  board[Channel::kPerfState] = Live(100, Form::kSquare, 22, 12, 0, 0);
  board[Channel::kMemoryUsed] = Live(100, Form::kRamp, 52, 1000, 33000, 256);
  board[Channel::kProcesses] = Live(1000, Form::kSquare, 16, 1, 2, 0);
  board.fans = 1;
  return board;
}

constexpr Board NoPower() {
  Board board = Base("Odd 0 without power");
  board[Channel::kPowerInstant] = board[Channel::kPower] = board[Channel::kEnergy] = Failing(kNotSupported);
  board.power_limit__mW = board.power_default__mW = 0;
  board.power_manageable = false;
  return board;
}

constexpr Board MemoryDenied() {
  Board board = Base("Odd 1 memory denied");
  board.memory_status = kNoPermission;
  return board;
}

constexpr Board TemperatureUnknown() {
  Board board = Base("Odd 2 temperature unknown");
  board[Channel::kTemperature] = board[Channel::kMemoryTemperature] = Failing(kUnknown);
  return board;
}

constexpr Board NoMemory() {
  Board board = Base("Odd 3 unified memory");
  board.memory_total__MiB = board.memory_reserved__MiB = board.bar1__MiB = 0;
  board[Channel::kMemoryUsed] = Steady(0);
  return board;
}

constexpr Board HandleDenied() {
  Board board = Base("Odd 4 handle denied");
  board.handle_status = kNoPermission;
  return board;
}

/** Name of 95 and serial of 29 characters: with its end, each just fills the buffer of NVML. */
constexpr Board LongNames() {
  Board board = Base(
      "Odd 5 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 e");
  board.serial_prefix = "SERIAL00000000000000000000";
  board[Channel::kFanSpeed] = Live(1000, Form::kRamp, 32, 90, 130, 1);
  return board;
}

constexpr Board NoUtilization() {
  Board board = Base("Odd 6 without utilization");
  board.serial_prefix = nullptr;
  for (Channel channel : {Channel::kGpuUtilization, Channel::kMemoryUtilization, Channel::kEncoderUtilization,
                          Channel::kDecoderUtilization, Channel::kFanSpeed}) {
    board[channel] = Failing(kNotSupported);
  }
  board[Channel::kPerfState] = Steady(32);
  board.fans = 0;
  board.hides_process_memory = true;
  return board;
}

constexpr Board kBoards[] = {NoPower(),      MemoryDenied(), TemperatureUnknown(), NoMemory(),
                             HandleDenied(), LongNames(),    NoUtilization()};

}  // namespace

const Profile kOdd = {"odd", 4, "470.256.02", "11.470.256.02", 11040, 161, kBoards, 7, false, 7};

}  // namespace nvpulse::simulator
