// NVML's return codes for people. Any thread.
#pragma once
#include <string>

#include "nvml/abi.h"

namespace nvpulse::nvml {

/// What a call's failure means, as a part of a sentence.
std::string InWords(Return result);

/// Why the driver would not initialise, and what to do about it: a sentence.
std::string WhyNotInitialized(Return result);

}  // namespace nvpulse::nvml
