// Generated from lib/catalog by `npm run generate`; do not edit.
#pragma once
#include "sampler/catalog_types.h"

namespace nvpulse {

inline constexpr char kCatalogHash[] = "710c3b5f00857499";

enum class Entity : int { kHost, kCore, kMemory, kDisk, kFilesystem, kNetwork, kCgroup, kJob, kProcess, kGpu, kGpuProcess, kMig, kAgent };
inline constexpr int kEntities = 13;

namespace host {
enum Column : int { cpu_utilization__pct, cpu_user__pct, cpu_system__pct, cpu_iowait__pct, cpu_steal__pct, cpu_busy__s, cpu_user__s, cpu_system__s, cpu_iowait__s, cpu_steal__s, load_1min, context_switches, cpu_pressure__pct, memory_pressure__pct, io_pressure__pct, cpu_stalled__s, memory_stalled__s, io_stalled__s, kColumns };
}  // namespace host

namespace core {
enum Column : int { cpu_utilization__pct, core_busy__s, kColumns };
}  // namespace core

namespace memory {
enum Column : int { memory_used__MiB, memory_available__MiB, memory_total__MiB, swap_used__MiB, kColumns };
}  // namespace memory

namespace disk {
enum Column : int { disk_read__B, disk_write__B, disk_reads, disk_writes, disk_busy__s, disk_read__MBps, disk_write__MBps, disk_busy__pct, disk_queue, kColumns };
}  // namespace disk

namespace filesystem {
enum Column : int { used__MiB, free__MiB, used__pct, kColumns };
}  // namespace filesystem

namespace network {
enum Column : int { network_receive__B, network_transmit__B, network_receive__MBps, network_transmit__MBps, kColumns };
}  // namespace network

namespace cgroup {
enum Column : int { cgroup_cpu_time__s, cgroup_throttled__s, cgroup_cpus_used, cgroup_cpus_throttled, cgroup_memory__MiB, cgroup_memory_peak__MiB, cgroup_memory_limit__MiB, kColumns };
}  // namespace cgroup

namespace job {
enum Column : int { cpu_time__s, cpu_user_time__s, cpu_system_time__s, io_read__B, io_write__B, cpus_used, cpus_user, cpus_system, io_read__MBps, io_write__MBps, memory_rss_sum__MiB, memory_rss_peak__MiB, memory_pss__MiB, process_num, thread_num, kColumns };
}  // namespace job

namespace process {
enum Column : int { cpu_time__s, cpu_user_time__s, cpu_system_time__s, io_read__B, io_write__B, cpus_used, cpus_user, cpus_system, io_read__MBps, io_write__MBps, memory_rss__MiB, thread_num, kColumns };
}  // namespace process

namespace gpu {
enum Column : int { gpu_clock__MHz, memory_clock__MHz, graphics_clock__MHz, gpu_utilization__pct, memory_utilization__pct, encoder_utilization__pct, decoder_utilization__pct, gpu_temperature__C, memory_temperature__C, fan_speed__pct, perf_state, power_draw__W, process_num, memory_used__MiB, memory_free__MiB, memory_total__MiB, power_limit__W, energy__J, kColumns };
}  // namespace gpu

namespace gpu_process {
enum Column : int { process_memory__MiB, process_sm__pct, kColumns };
}  // namespace gpu_process

namespace agent {
enum Column : int { ticks, late_ticks, rows_dropped, implausible_readings, lateness__us, agent_cpu_time__s, agent_cpu__pct, agent_memory_rss__MiB, bytes_written__B, export_backlog__B, export_lag__s, export_documents, export_retries, export_rejected, open_jobs, kColumns };
}  // namespace agent

inline constexpr TableInfo kTables[] = {
    {"host", 18},
    {"core", 2},
    {"memory", 4},
    {"disk", 9},
    {"filesystem", 3},
    {"network", 4},
    {"cgroup", 7},
    {"job", 15},
    {"process", 12},
    {"gpu", 18},
    {"gpu_process", 2},
    {"mig", 0},
    {"agent", 15},
};

inline constexpr Derivation kDerivations[] = {
    {Entity::kHost, host::cpu_utilization__pct, host::cpu_busy__s, 1e+2, true, 100.0, 100000000},
    {Entity::kHost, host::cpu_user__pct, host::cpu_user__s, 1e+2, true, 100.0, 100000000},
    {Entity::kHost, host::cpu_system__pct, host::cpu_system__s, 1e+2, true, 100.0, 100000000},
    {Entity::kHost, host::cpu_iowait__pct, host::cpu_iowait__s, 1e+2, true, 100.0, 100000000},
    {Entity::kHost, host::cpu_steal__pct, host::cpu_steal__s, 1e+2, true, 100.0, 100000000},
    {Entity::kHost, host::cpu_pressure__pct, host::cpu_stalled__s, 1e+2, false, 100.0, 100000000},
    {Entity::kHost, host::memory_pressure__pct, host::memory_stalled__s, 1e+2, false, 100.0, 100000000},
    {Entity::kHost, host::io_pressure__pct, host::io_stalled__s, 1e+2, false, 100.0, 100000000},
    {Entity::kCore, core::cpu_utilization__pct, core::core_busy__s, 1e+2, false, 100.0, 100000000},
    {Entity::kDisk, disk::disk_read__MBps, disk::disk_read__B, 1e-6, false, 10000000.0, 0},
    {Entity::kDisk, disk::disk_write__MBps, disk::disk_write__B, 1e-6, false, 10000000.0, 0},
    {Entity::kDisk, disk::disk_busy__pct, disk::disk_busy__s, 1e+2, false, 100.0, 100000000},
    {Entity::kNetwork, network::network_receive__MBps, network::network_receive__B, 1e-6, false, 10000000.0, 0},
    {Entity::kNetwork, network::network_transmit__MBps, network::network_transmit__B, 1e-6, false, 10000000.0, 0},
    {Entity::kCgroup, cgroup::cgroup_cpus_used, cgroup::cgroup_cpu_time__s, 1.0, false, kNoBound, 100000000},
    {Entity::kCgroup, cgroup::cgroup_cpus_throttled, cgroup::cgroup_throttled__s, 1.0, false, kNoBound, 100000000},
    {Entity::kJob, job::cpus_used, job::cpu_time__s, 1.0, false, kNoBound, 100000000},
    {Entity::kJob, job::cpus_user, job::cpu_user_time__s, 1.0, false, kNoBound, 100000000},
    {Entity::kJob, job::cpus_system, job::cpu_system_time__s, 1.0, false, kNoBound, 100000000},
    {Entity::kJob, job::io_read__MBps, job::io_read__B, 1e-6, false, kNoBound, 0},
    {Entity::kJob, job::io_write__MBps, job::io_write__B, 1e-6, false, kNoBound, 0},
    {Entity::kProcess, process::cpus_used, process::cpu_time__s, 1.0, false, kNoBound, 100000000},
    {Entity::kProcess, process::cpus_user, process::cpu_user_time__s, 1.0, false, kNoBound, 100000000},
    {Entity::kProcess, process::cpus_system, process::cpu_system_time__s, 1.0, false, kNoBound, 100000000},
    {Entity::kProcess, process::io_read__MBps, process::io_read__B, 1e-6, false, kNoBound, 0},
    {Entity::kProcess, process::io_write__MBps, process::io_write__B, 1e-6, false, kNoBound, 0},
    {Entity::kAgent, agent::agent_cpu__pct, agent::agent_cpu_time__s, 1e+2, false, kNoBound, 100000000},
};

inline constexpr Plausible kPlausibles[] = {
    {Entity::kHost, host::cpu_busy__s, "cpu_busy__s", Bound::kGrowth, Measure::kCpus, 0.0, 1.0, 1000000000, 0.0},
    {Entity::kHost, host::cpu_user__s, "cpu_user__s", Bound::kGrowth, Measure::kCpus, 0.0, 1.0, 1000000000, 0.0},
    {Entity::kHost, host::cpu_system__s, "cpu_system__s", Bound::kGrowth, Measure::kCpus, 0.0, 1.0, 1000000000, 0.0},
    {Entity::kHost, host::cpu_iowait__s, "cpu_iowait__s", Bound::kGrowth, Measure::kCpus, 0.0, 1.0, 1000000000, 0.0},
    {Entity::kHost, host::cpu_steal__s, "cpu_steal__s", Bound::kGrowth, Measure::kCpus, 0.0, 1.0, 1000000000, 0.0},
    {Entity::kHost, host::load_1min, "load_1min", Bound::kRange, Measure::kOne, 0.0, 4194304.0, 0, 0.0},
    {Entity::kHost, host::context_switches, "context_switches", Bound::kGrowth, Measure::kCpus, 0.0, 100000000.0, 1000000000, 0.0},
    {Entity::kHost, host::cpu_stalled__s, "cpu_stalled__s", Bound::kGrowth, Measure::kOne, 0.0, 1.0, 2000000000, 0.0},
    {Entity::kHost, host::memory_stalled__s, "memory_stalled__s", Bound::kGrowth, Measure::kOne, 0.0, 1.0, 2000000000, 0.0},
    {Entity::kHost, host::io_stalled__s, "io_stalled__s", Bound::kGrowth, Measure::kOne, 0.0, 1.0, 2000000000, 0.0},
    {Entity::kCore, core::core_busy__s, "core_busy__s", Bound::kGrowth, Measure::kOne, 0.0, 1.0, 1000000000, 0.0},
    {Entity::kMemory, memory::memory_used__MiB, "memory_used__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kMemory, memory::memory_available__MiB, "memory_available__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kMemory, memory::memory_total__MiB, "memory_total__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kMemory, memory::swap_used__MiB, "swap_used__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kDisk, disk::disk_read__B, "disk_read__B", Bound::kGrowth, Measure::kOne, 0.0, 10000000000000.0, 1000000000, 0.0},
    {Entity::kDisk, disk::disk_write__B, "disk_write__B", Bound::kGrowth, Measure::kOne, 0.0, 10000000000000.0, 1000000000, 0.0},
    {Entity::kDisk, disk::disk_reads, "disk_reads", Bound::kGrowth, Measure::kCpus, 0.0, 100000000.0, 1000000000, 0.0},
    {Entity::kDisk, disk::disk_writes, "disk_writes", Bound::kGrowth, Measure::kCpus, 0.0, 100000000.0, 1000000000, 0.0},
    {Entity::kDisk, disk::disk_busy__s, "disk_busy__s", Bound::kGrowth, Measure::kOne, 0.0, 1.0, 2000000000, 4294967.296},
    {Entity::kDisk, disk::disk_queue, "disk_queue", Bound::kRange, Measure::kOne, 0.0, 2147483647.0, 0, 0.0},
    {Entity::kFilesystem, filesystem::used__MiB, "used__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kFilesystem, filesystem::free__MiB, "free__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kFilesystem, filesystem::used__pct, "used__pct", Bound::kRange, Measure::kOne, 0.0, 100.0, 0, 0.0},
    {Entity::kNetwork, network::network_receive__B, "network_receive__B", Bound::kGrowth, Measure::kOne, 0.0, 10000000000000.0, 1000000000, 0.0},
    {Entity::kNetwork, network::network_transmit__B, "network_transmit__B", Bound::kGrowth, Measure::kOne, 0.0, 10000000000000.0, 1000000000, 0.0},
    {Entity::kCgroup, cgroup::cgroup_cpu_time__s, "cgroup_cpu_time__s", Bound::kGrowth, Measure::kCpus, 0.0, 1.0, 1000000000, 0.0},
    {Entity::kCgroup, cgroup::cgroup_memory__MiB, "cgroup_memory__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kCgroup, cgroup::cgroup_memory_peak__MiB, "cgroup_memory_peak__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kCgroup, cgroup::cgroup_memory_limit__MiB, "cgroup_memory_limit__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kJob, job::memory_rss_sum__MiB, "memory_rss_sum__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kJob, job::memory_rss_peak__MiB, "memory_rss_peak__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kJob, job::memory_pss__MiB, "memory_pss__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kJob, job::process_num, "process_num", Bound::kRange, Measure::kOne, 0.0, 4194304.0, 0, 0.0},
    {Entity::kJob, job::thread_num, "thread_num", Bound::kRange, Measure::kOne, 0.0, 4194304.0, 0, 0.0},
    {Entity::kProcess, process::memory_rss__MiB, "memory_rss__MiB", Bound::kRange, Measure::kOne, 0.0, 1099511627776.0, 0, 0.0},
    {Entity::kProcess, process::thread_num, "thread_num", Bound::kRange, Measure::kOne, 0.0, 4194304.0, 0, 0.0},
    {Entity::kGpu, gpu::gpu_clock__MHz, "gpu_clock__MHz", Bound::kRange, Measure::kOne, 0.0, 100000.0, 0, 0.0},
    {Entity::kGpu, gpu::memory_clock__MHz, "memory_clock__MHz", Bound::kRange, Measure::kOne, 0.0, 100000.0, 0, 0.0},
    {Entity::kGpu, gpu::graphics_clock__MHz, "graphics_clock__MHz", Bound::kRange, Measure::kOne, 0.0, 100000.0, 0, 0.0},
    {Entity::kGpu, gpu::gpu_utilization__pct, "gpu_utilization__pct", Bound::kRange, Measure::kOne, 0.0, 200.0, 0, 0.0},
    {Entity::kGpu, gpu::memory_utilization__pct, "memory_utilization__pct", Bound::kRange, Measure::kOne, 0.0, 200.0, 0, 0.0},
    {Entity::kGpu, gpu::encoder_utilization__pct, "encoder_utilization__pct", Bound::kRange, Measure::kOne, 0.0, 200.0, 0, 0.0},
    {Entity::kGpu, gpu::decoder_utilization__pct, "decoder_utilization__pct", Bound::kRange, Measure::kOne, 0.0, 200.0, 0, 0.0},
    {Entity::kGpu, gpu::gpu_temperature__C, "gpu_temperature__C", Bound::kRange, Measure::kOne, -100.0, 250.0, 0, 0.0},
    {Entity::kGpu, gpu::memory_temperature__C, "memory_temperature__C", Bound::kRange, Measure::kOne, -100.0, 250.0, 0, 0.0},
    {Entity::kGpu, gpu::fan_speed__pct, "fan_speed__pct", Bound::kRange, Measure::kOne, 0.0, 300.0, 0, 0.0},
    {Entity::kGpu, gpu::perf_state, "perf_state", Bound::kRange, Measure::kOne, 0.0, 32.0, 0, 0.0},
    {Entity::kGpu, gpu::power_draw__W, "power_draw__W", Bound::kRange, Measure::kBoardPower, 0.0, 3.0, 0, 0.0},
    {Entity::kGpu, gpu::process_num, "process_num", Bound::kRange, Measure::kOne, 0.0, 4194304.0, 0, 0.0},
    {Entity::kGpu, gpu::memory_used__MiB, "memory_used__MiB", Bound::kRange, Measure::kOne, 0.0, 16777216.0, 0, 0.0},
    {Entity::kGpu, gpu::memory_free__MiB, "memory_free__MiB", Bound::kRange, Measure::kOne, 0.0, 16777216.0, 0, 0.0},
    {Entity::kGpu, gpu::memory_total__MiB, "memory_total__MiB", Bound::kRange, Measure::kOne, 0.0, 16777216.0, 0, 0.0},
    {Entity::kGpu, gpu::power_limit__W, "power_limit__W", Bound::kRange, Measure::kOne, 0.0, 15000.0, 0, 0.0},
    {Entity::kGpu, gpu::energy__J, "energy__J", Bound::kGrowth, Measure::kBoardPower, 0.0, 3.0, 1000000000, 0.0},
    {Entity::kGpuProcess, gpu_process::process_memory__MiB, "process_memory__MiB", Bound::kRange, Measure::kOne, 0.0, 16777216.0, 0, 0.0},
    {Entity::kGpuProcess, gpu_process::process_sm__pct, "process_sm__pct", Bound::kRange, Measure::kOne, 0.0, 200.0, 0, 0.0},
};

}  // namespace nvpulse
