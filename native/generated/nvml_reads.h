// Generated from lib/catalog by `npm run generate`; do not edit.
#pragma once
#include "generated/catalog.h"
#include "nvml/nvml_read.h"

namespace nvpulse {

inline constexpr NvmlRead kNvmlReads[] = {
    {Symbol::kDeviceGetClockInfo, Shape::kU32Arg, 1u, Tier::kFast, 1.00000000000000000e+0, {gpu::gpu_clock__MHz, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetClockInfo, Shape::kU32Arg, 2u, Tier::kFast, 1.00000000000000000e+0, {gpu::memory_clock__MHz, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetClockInfo, Shape::kU32Arg, 0u, Tier::kFast, 1.00000000000000000e+0, {gpu::graphics_clock__MHz, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetUtilizationRates, Shape::kUtilization, 0u, Tier::kFast, 1.00000000000000000e+0, {gpu::gpu_utilization__pct, gpu::memory_utilization__pct, kNoColumn}},
    {Symbol::kDeviceGetEncoderUtilization, Shape::kU32Pair, 0u, Tier::kFast, 1.00000000000000000e+0, {gpu::encoder_utilization__pct, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetDecoderUtilization, Shape::kU32Pair, 0u, Tier::kFast, 1.00000000000000000e+0, {gpu::decoder_utilization__pct, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetTemperature, Shape::kU32Arg, 0u, Tier::kFast, 1.00000000000000000e+0, {gpu::gpu_temperature__C, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetFieldValues, Shape::kField, 82u, Tier::kFast, 1.00000000000000000e+0, {gpu::memory_temperature__C, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetFanSpeed, Shape::kU32, 0u, Tier::kFast, 1.00000000000000000e+0, {gpu::fan_speed__pct, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetPerformanceState, Shape::kU32, 0u, Tier::kFast, 1.00000000000000000e+0, {gpu::perf_state, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetPowerUsage, Shape::kU32, 0u, Tier::kFast, 1.00000000000000002e-3, {gpu::power_draw__W, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetMemoryInfo, Shape::kMemory, 0u, Tier::kFast, 9.53674316406250000e-7, {gpu::memory_used__MiB, gpu::memory_free__MiB, gpu::memory_total__MiB}},
    {Symbol::kDeviceGetEnforcedPowerLimit, Shape::kU32, 0u, Tier::kSlow, 1.00000000000000002e-3, {gpu::power_limit__W, kNoColumn, kNoColumn}},
    {Symbol::kDeviceGetTotalEnergyConsumption, Shape::kU64, 0u, Tier::kFast, 1.00000000000000002e-3, {gpu::energy__J, kNoColumn, kNoColumn}},
};

}  // namespace nvpulse
