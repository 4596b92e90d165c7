// Profile t4: one Tesla T4, passively cooled, no memory temperature; too old for an averaged power.
#include "simulator/profile.h"

namespace nvpulse::simulator {
namespace {

constexpr Board T4() {
  Board board{};
  board.name = "Tesla T4";
  board.serial_prefix = "1325021000";
  board.part_number = "900-2G183-0000-001";
  board.vbios = "90.04.A7.00.01";
  board.brand = 2;
  board.architecture = 6;
  board.cc_major = 7;
  board.cc_minor = 5;
  board.pci_device_id = 0x1EB810DE;
  board.pci_subsystem_id = 0x12A210DE;
  board.cores = 2560;
  board.bus_width__bit = 256;
  board.persistence = true;
  board.ecc = true;
  board.pcie_generation = 3;
  board.pcie_width = 16;
  board.memory_total__MiB = 15360;
  board.memory_reserved__MiB = 442;
  board.bar1__MiB = 256;
  board.power_limit__mW = 70000;
  board.power_default__mW = 70000;
  board.power_min__mW = 60000;
  board.power_max__mW = 70000;
  board.power_manageable = true;
  board.max_clock__MHz[0] = 1590;
  board.max_clock__MHz[1] = 1590;
  board.max_clock__MHz[2] = 5001;
  board.max_clock__MHz[3] = 1470;
  board.threshold__C[0] = 96;
  board.threshold__C[1] = 93;
  board.threshold__C[3] = 85;
  board.graphics_processes = 1;

  board[Channel::kGpuUtilization] = Live(200, Form::kRamp, 12, 4, 96, 0);
  board[Channel::kMemoryUtilization] = Live(200, Form::kSine, 16, 10, 70, 0);
  board[Channel::kEncoderUtilization] = Live(200, Form::kSquare, 8, 3, 31, 0);
  board[Channel::kDecoderUtilization] = Live(200, Form::kRamp, 10, 6, 46, 0);
  board[Channel::kJpegUtilization] = Live(200, Form::kRamp, 14, 2, 9, 0);
  board[Channel::kPowerInstant] = Live(100, Form::kSquare, 6, 27000, 68000, 0);
  board[Channel::kPower] = board[Channel::kPowerInstant];
  board[Channel::kEnergy] = Energy();
  board[Channel::kTemperature] = Live(1000, Form::kRamp, 50, 34, 78, 0);
  board[Channel::kGraphicsClock] = Live(100, Form::kRamp, 20, 300, 1590, 0);
  board[Channel::kSmClock] = Live(100, Form::kSine, 20, 300, 1500, 0);
  board[Channel::kMemoryClock] = Live(100, Form::kSquare, 40, 405, 5001, 0);
  board[Channel::kVideoClock] = Live(100, Form::kRamp, 24, 540, 1470, 0);
  board[Channel::kPerfState] = Live(100, Form::kSquare, 40, 8, 0, 0);
  board[Channel::kMemoryUsed] = Live(100, Form::kRamp, 60, 500, 14000, 0);
  board[Channel::kProcesses] = Live(1000, Form::kSquare, 10, 1, 3, 0);
  board[Channel::kPcieTransmit] = Live(100, Form::kRamp, 18, 20000, 200000, 0);
  board[Channel::kPcieReceive] = Live(100, Form::kRamp, 22, 30000, 400000, 0);
  board[Channel::kClockReasons] = Live(100, Form::kSquare, 6, 1, 4, 0);
  return board;
}

constexpr Board kBoard = T4();

}  // namespace

const Profile kT4 = {"t4", 2, "580.126.20", "13.580.126.20", 13000, 289, &kBoard, 1, true, 1};

}  // namespace nvpulse::simulator
