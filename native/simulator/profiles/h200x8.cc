// Profile h200x8: a server with eight NVIDIA H200, passively cooled, no video encoder.
#include "simulator/profile.h"

namespace nvpulse::simulator {
namespace {

constexpr Board H200() {
  Board board{};
  board.name = "NVIDIA H200";
  board.serial_prefix = "1654025000";
  board.part_number = "692-2G520-0280-000";
  board.vbios = "96.00.BC.00.01";
  board.brand = 14;
  board.architecture = 9;
  board.cc_major = 9;
  board.pci_device_id = 0x233510DE;
  board.pci_subsystem_id = 0x18BE10DE;
  board.cores = 16896;
  board.bus_width__bit = 6144;
  board.persistence = true;
  board.ecc = true;
  board.pcie_generation = 5;
  board.pcie_width = 16;
  board.nvlinks = 18;
  board.memory_total__MiB = 143771;
  board.memory_reserved__MiB = 610;
  board.bar1__MiB = 262144;
  board.power_limit__mW = 700000;
  board.power_default__mW = 700000;
  board.power_min__mW = 200000;
  board.power_max__mW = 700000;
  board.power_manageable = true;
  board.max_clock__MHz[0] = 1980;
  board.max_clock__MHz[1] = 1980;
  board.max_clock__MHz[2] = 3201;
  board.max_clock__MHz[3] = 1545;
  board.threshold__C[0] = 92;
  board.threshold__C[1] = 89;
  board.threshold__C[2] = 95;
  board.threshold__C[3] = 87;

  board[Channel::kGpuUtilization] = Live(100, Form::kSquare, 10, 12, 88, 1);
  board[Channel::kMemoryUtilization] = Live(100, Form::kRamp, 20, 5, 65, 2);
  board[Channel::kDecoderUtilization] = Live(100, Form::kSine, 30, 8, 48, 3);
  board[Channel::kJpegUtilization] = Live(100, Form::kRamp, 26, 2, 22, 1);
  board[Channel::kOfaUtilization] = Live(100, Form::kRamp, 34, 1, 11, 1);
  board[Channel::kPowerInstant] = Live(100, Form::kSine, 10, 200000, 600000, 5000);
  board[Channel::kPower] = MeanPower();
  board[Channel::kEnergy] = Energy();
  board[Channel::kTemperature] = Live(1000, Form::kSine, 60, 36, 72, 1);
  board[Channel::kMemoryTemperature] = Live(1000, Form::kRamp, 40, 48, 80, 1);
  board[Channel::kGraphicsClock] = Live(100, Form::kSine, 24, 405, 1785, 15);
  board[Channel::kSmClock] = Live(100, Form::kRamp, 30, 345, 1860, 15);
  board[Channel::kMemoryClock] = Live(100, Form::kSquare, 50, 1593, 3190, 1);
  board[Channel::kVideoClock] = Live(100, Form::kRamp, 36, 765, 1440, 15);
  board[Channel::kPerfState] = Live(100, Form::kSquare, 16, 2, 0, 0);
  board[Channel::kMemoryUsed] = Live(100, Form::kSine, 120, 10000, 120000, 512);
  board[Channel::kProcesses] = Live(1000, Form::kSquare, 14, 1, 2, 1);
  board[Channel::kPcieTransmit] = Live(100, Form::kRamp, 18, 100000, 900000, 1000);
  board[Channel::kPcieReceive] = Live(100, Form::kRamp, 22, 200000, 1600000, 1000);
  board[Channel::kClockReasons] = Live(100, Form::kSquare, 10, 1, 4, 0);
  return board;
}

constexpr Board kBoard = H200();

}  // namespace

const Profile kH200x8 = {"h200x8", 1, "580.126.20", "13.580.126.20", 13000, 289, &kBoard, 1, true, 8};

}  // namespace nvpulse::simulator
