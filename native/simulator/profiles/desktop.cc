// Profile desktop: one GeForce RTX with two fans; no serial, no ECC, no memory temperature.
#include "simulator/profile.h"

namespace nvpulse::simulator {
namespace {

constexpr Board Desktop() {
  Board board{};
  board.name = "NVIDIA GeForce RTX 4090";
  board.vbios = "95.02.3C.00.01";
  board.brand = 5;
  board.architecture = 8;
  board.cc_major = 8;
  board.cc_minor = 9;
  board.pci_device_id = 0x268410DE;
  board.pci_subsystem_id = 0x16F410DE;
  board.cores = 16384;
  board.bus_width__bit = 384;
  board.fans = 2;
  board.pcie_generation = 4;
  board.pcie_width = 16;
  board.memory_total__MiB = 24564;
  board.memory_reserved__MiB = 361;
  board.bar1__MiB = 32768;
  board.power_limit__mW = 450000;
  board.power_default__mW = 450000;
  board.power_min__mW = 150000;
  board.power_max__mW = 600000;
  board.power_manageable = true;
  board.max_clock__MHz[0] = 3105;
  board.max_clock__MHz[1] = 3105;
  board.max_clock__MHz[2] = 10501;
  board.max_clock__MHz[3] = 2415;
  board.threshold__C[0] = 100;
  board.threshold__C[1] = 97;
  board.threshold__C[3] = 84;
  board.graphics_processes = 2;

  board[Channel::kGpuUtilization] = Live(200, Form::kSquare, 18, 9, 97, 0);
  board[Channel::kMemoryUtilization] = Live(200, Form::kRamp, 22, 2, 62, 0);
  board[Channel::kEncoderUtilization] = Live(200, Form::kSine, 24, 4, 36, 0);
  board[Channel::kDecoderUtilization] = Live(200, Form::kRamp, 15, 1, 31, 0);
  board[Channel::kJpegUtilization] = Live(200, Form::kRamp, 16, 1, 9, 0);
  board[Channel::kOfaUtilization] = Live(200, Form::kRamp, 20, 2, 14, 0);
  board[Channel::kPowerInstant] = Live(100, Form::kSine, 14, 40000, 430000, 0);
  board[Channel::kPower] = MeanPower();
  board[Channel::kEnergy] = Energy();
  board[Channel::kTemperature] = Live(1000, Form::kSine, 72, 40, 80, 0);
  board[Channel::kGraphicsClock] = Live(100, Form::kRamp, 24, 210, 2760, 0);
  board[Channel::kSmClock] = Live(100, Form::kSquare, 24, 210, 2745, 0);
  board[Channel::kMemoryClock] = Live(100, Form::kSquare, 36, 405, 10251, 0);
  board[Channel::kVideoClock] = Live(100, Form::kSine, 32, 1185, 2145, 0);
  board[Channel::kFanSpeed] = Live(1000, Form::kRamp, 60, 22, 82, 0);
  board[Channel::kPerfState] = Live(100, Form::kSquare, 36, 8, 0, 0);
  board[Channel::kMemoryUsed] = Live(100, Form::kRamp, 44, 900, 22100, 0);
  board[Channel::kProcesses] = Live(1000, Form::kSquare, 18, 1, 2, 0);
  board[Channel::kPcieTransmit] = Live(100, Form::kRamp, 20, 25000, 250000, 0);
  board[Channel::kPcieReceive] = Live(100, Form::kRamp, 24, 35000, 450000, 0);
  board[Channel::kClockReasons] = Live(100, Form::kSquare, 18, 1, 4, 0);
  return board;
}

constexpr Board kBoard = Desktop();

}  // namespace

const Profile kDesktop = {"desktop", 5, "580.126.20", "13.580.126.20", 13000, 289, &kBoard, 1, true, 1};

}  // namespace nvpulse::simulator
