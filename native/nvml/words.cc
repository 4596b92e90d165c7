#include "nvml/words.h"

namespace nvpulse::nvml {

std::string InWords(Return result) {
  switch (result) {
    case 1: return "NVML is not initialised";
    case 3: return "it is not supported";
    case 4: return "no permission";
    case 8: return "external power is missing";
    case 9: return "the driver is not loaded";
    case 10: return "it timed out";
    case 11: return "its interrupts do not arrive";
    case 13: return "this driver does not have the call";
    case 15: return "the GPU is lost";
    case 16: return "the GPU requires a reset";
    case 17: return "the operating system blocks it";
    case 18: return "driver and library versions differ";
    case 19: return "it is in use by another";
    case 28: return "there is no supported GPU";
    case 999: return "the driver reports an unknown error";
    default: return "NVML error " + std::to_string(result);
  }
}

std::string WhyNotInitialized(Return result) {
  switch (result) {
    case 4:
      return "no permission to use the driver: this user, and its container, must be allowed to read and write /dev/nvidia*";
    case 9:
      return "the NVML library is here, but no NVIDIA driver is loaded: load it (modprobe nvidia), or install it";
    case 12: return "a library that NVML needs is missing: install the NVIDIA driver anew";
    case 18: return "driver and NVML library are of different versions: reboot, or reload the driver";
    case 999:
      return "the driver reports an unknown error: in a container that was running when systemd was reloaded, start the "
             "container again; elsewhere see dmesg";
    default: return "the driver does not initialise: " + InWords(result);
  }
}

}  // namespace nvpulse::nvml
