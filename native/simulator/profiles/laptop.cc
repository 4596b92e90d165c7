// Profile laptop: one GeForce RTX whose fans are the laptop's own; no serial, no ECC, no memory temperature, and a
// power limit that is no round number and cannot be managed.
#include "simulator/profile.h"

namespace nvpulse::simulator {
namespace {

constexpr Board Laptop() {
  Board board{};
  board.name = "NVIDIA GeForce RTX 4070 Laptop GPU";
  board.vbios = "95.06.26.00.0F";
  board.brand = 5;
  board.architecture = 8;
  board.cc_major = 8;
  board.cc_minor = 9;
  board.pci_device_id = 0x286010DE;
  board.pci_subsystem_id = 0x16331043;
  board.cores = 4608;
  board.bus_width__bit = 128;
  board.pcie_generation = 4;
  board.pcie_width = 8;
  board.memory_total__MiB = 8188;
  board.memory_reserved__MiB = 225;
  board.bar1__MiB = 8192;
  board.power_limit__mW = 103457;
  board.power_default__mW = 80000;
  board.max_clock__MHz[0] = 3105;
  board.max_clock__MHz[1] = 3105;
  board.max_clock__MHz[2] = 8001;
  board.max_clock__MHz[3] = 2415;
  board.threshold__C[0] = 105;
  board.threshold__C[1] = 102;
  board.threshold__C[3] = 87;
  board.graphics_processes = 2;

  board[Channel::kGpuUtilization] = Live(500, Form::kSine, 20, 7, 99, 0);
  board[Channel::kMemoryUtilization] = Live(500, Form::kSquare, 14, 3, 57, 0);
  board[Channel::kEncoderUtilization] = Live(500, Form::kRamp, 16, 1, 41, 0);
  board[Channel::kDecoderUtilization] = Live(500, Form::kSquare, 12, 2, 26, 0);
  board[Channel::kJpegUtilization] = Live(500, Form::kRamp, 14, 2, 9, 0);
  board[Channel::kOfaUtilization] = Live(500, Form::kRamp, 18, 1, 12, 0);
  board[Channel::kPowerInstant] = Live(100, Form::kRamp, 8, 9000, 101000, 0);
  board[Channel::kPower] = MeanPower();
  board[Channel::kEnergy] = Energy();
  board[Channel::kTemperature] = Live(1000, Form::kSine, 80, 42, 86, 0);
  board[Channel::kGraphicsClock] = Live(100, Form::kSquare, 18, 210, 2475, 0);
  board[Channel::kSmClock] = Live(100, Form::kRamp, 18, 210, 2460, 0);
  board[Channel::kMemoryClock] = Live(100, Form::kSquare, 30, 405, 8001, 0);
  board[Channel::kVideoClock] = Live(100, Form::kSine, 28, 765, 1845, 0);
  board[Channel::kPerfState] = Live(100, Form::kSquare, 30, 8, 0, 0);
  board[Channel::kMemoryUsed] = Live(100, Form::kSquare, 26, 611, 6911, 0);
  board[Channel::kProcesses] = Live(1000, Form::kSquare, 12, 1, 2, 0);
  board[Channel::kPcieTransmit] = Live(100, Form::kRamp, 18, 20000, 200000, 0);
  board[Channel::kPcieReceive] = Live(100, Form::kRamp, 22, 30000, 400000, 0);
  board[Channel::kClockReasons] = Live(100, Form::kSquare, 8, 1, 4, 0);
  return board;
}

constexpr Board kBoard = Laptop();

}  // namespace

const Profile kLaptop = {"laptop", 3, "580.126.20", "13.580.126.20", 13000, 289, &kBoard, 1, true, 1};

}  // namespace nvpulse::simulator
