// Generated from lib/catalog by `npm run generate`; do not edit.
#pragma once
#include "sampler/catalog_types.h"

namespace nvpulse {

inline constexpr char kCatalogHash[] = "c8a4ac455753581e";

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
enum Column : int { cgroup_cpu_time__s, cgroup_throttled__s, cgroup_memory__MiB, cgroup_memory_limit__MiB, kColumns };
}  // namespace cgroup

namespace job {
enum Column : int { cpu_time__s, cpu_user_time__s, cpu_system_time__s, io_read__B, io_write__B, memory_rss__MiB, memory_rss_peak__MiB, process_num, thread_num, kColumns };
}  // namespace job

namespace process {
enum Column : int { cpu_time__s, cpu_user_time__s, cpu_system_time__s, io_read__B, io_write__B, memory_rss__MiB, memory_rss_peak__MiB, thread_num, kColumns };
}  // namespace process

namespace gpu {
enum Column : int { gpu_clock__MHz, memory_clock__MHz, graphics_clock__MHz, gpu_utilization__pct, memory_utilization__pct, encoder_utilization__pct, decoder_utilization__pct, gpu_temperature__C, memory_temperature__C, fan_speed__pct, perf_state, power_draw__W, process_num, memory_used__MiB, memory_free__MiB, memory_total__MiB, power_limit__W, energy__J, kColumns };
}  // namespace gpu

namespace gpu_process {
enum Column : int { process_memory__MiB, process_sm__pct, kColumns };
}  // namespace gpu_process

namespace agent {
enum Column : int { ticks, late_ticks, rows_dropped, lateness__us, agent_cpu_time__s, agent_cpu__pct, agent_memory_rss__MiB, bytes_written__B, export_backlog__B, export_lag__s, export_documents, export_retries, export_rejected, open_jobs, kColumns };
}  // namespace agent

inline constexpr TableInfo kTables[] = {
    {"host", 18},
    {"core", 2},
    {"memory", 4},
    {"disk", 9},
    {"filesystem", 3},
    {"network", 4},
    {"cgroup", 4},
    {"job", 9},
    {"process", 8},
    {"gpu", 18},
    {"gpu_process", 2},
    {"mig", 0},
    {"agent", 14},
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
    {Entity::kDisk, disk::disk_read__MBps, disk::disk_read__B, 1e-6, false, kNoBound, 0},
    {Entity::kDisk, disk::disk_write__MBps, disk::disk_write__B, 1e-6, false, kNoBound, 0},
    {Entity::kDisk, disk::disk_busy__pct, disk::disk_busy__s, 1e+2, false, 100.0, 100000000},
    {Entity::kNetwork, network::network_receive__MBps, network::network_receive__B, 1e-6, false, kNoBound, 0},
    {Entity::kNetwork, network::network_transmit__MBps, network::network_transmit__B, 1e-6, false, kNoBound, 0},
    {Entity::kAgent, agent::agent_cpu__pct, agent::agent_cpu_time__s, 1e+2, false, kNoBound, 100000000},
};

}  // namespace nvpulse
