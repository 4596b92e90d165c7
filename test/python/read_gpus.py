"""Reads every GPU metric of the catalog with nvidia-ml-py, for one JSON document on stdout: a list with, for
each device, its identity and its metrics."""

import json

import pynvml as nvml
from answers import attempt, scaled

MIB = 1048576


def part(value, pick):
    return value if isinstance(value, dict) else pick(value)


def memory_of(device):
    memory = attempt(nvml.nvmlDeviceGetMemoryInfo, device, nvml.nvmlMemory_v2)
    if isinstance(memory, dict) and memory["code"] == nvml.NVML_ERROR_FUNCTION_NOT_FOUND:
        memory = attempt(nvml.nvmlDeviceGetMemoryInfo, device)
    return memory


def field_of(device, field):
    value = nvml.nvmlDeviceGetFieldValues(device, [field])[0]
    if value.nvmlReturn != 0:
        return {"code": value.nvmlReturn}
    assert value.valueType == nvml.NVML_VALUE_TYPE_UNSIGNED_INT, value.valueType
    return value.value.uiVal


def processes_of(device):
    for version in (nvml.nvmlDeviceGetComputeRunningProcesses_v3, nvml.nvmlDeviceGetComputeRunningProcesses_v2):
        found = attempt(version, device)
        if not isinstance(found, dict) or found["code"] != nvml.NVML_ERROR_FUNCTION_NOT_FOUND:
            return found
    return found


def metrics_of(device):
    utilization = attempt(nvml.nvmlDeviceGetUtilizationRates, device)
    memory = memory_of(device)
    return {
        "gpu_clock__MHz": attempt(nvml.nvmlDeviceGetClockInfo, device, nvml.NVML_CLOCK_SM),
        "memory_clock__MHz": attempt(nvml.nvmlDeviceGetClockInfo, device, nvml.NVML_CLOCK_MEM),
        "graphics_clock__MHz": attempt(nvml.nvmlDeviceGetClockInfo, device, nvml.NVML_CLOCK_GRAPHICS),
        "gpu_utilization__pct": part(utilization, lambda rates: rates.gpu),
        "memory_utilization__pct": part(utilization, lambda rates: rates.memory),
        "encoder_utilization__pct": part(attempt(nvml.nvmlDeviceGetEncoderUtilization, device), lambda pair: pair[0]),
        "decoder_utilization__pct": part(attempt(nvml.nvmlDeviceGetDecoderUtilization, device), lambda pair: pair[0]),
        "gpu_temperature__C": attempt(nvml.nvmlDeviceGetTemperature, device, nvml.NVML_TEMPERATURE_GPU),
        "memory_temperature__C": field_of(device, nvml.NVML_FI_DEV_MEMORY_TEMP),
        "fan_speed__pct": attempt(nvml.nvmlDeviceGetFanSpeed, device),
        "perf_state": attempt(nvml.nvmlDeviceGetPerformanceState, device),
        "power_draw__W": scaled(attempt(nvml.nvmlDeviceGetPowerUsage, device), 1000),
        "process_num": part(processes_of(device), len),
        "memory_used__MiB": part(memory, lambda info: info.used / MIB),
        "memory_free__MiB": part(memory, lambda info: info.free / MIB),
        "memory_total__MiB": part(memory, lambda info: info.total / MIB),
        "power_limit__W": scaled(attempt(nvml.nvmlDeviceGetEnforcedPowerLimit, device), 1000),
        "energy__J": scaled(attempt(nvml.nvmlDeviceGetTotalEnergyConsumption, device), 1000),
    }


def identity_of(device):
    return {
        "index": attempt(nvml.nvmlDeviceGetIndex, device),
        "uuid": attempt(nvml.nvmlDeviceGetUUID, device),
        "name": attempt(nvml.nvmlDeviceGetName, device),
        "pci_bus_id": part(attempt(nvml.nvmlDeviceGetPciInfo, device), lambda info: info.busId),
        "serial": attempt(nvml.nvmlDeviceGetSerial, device),
        "driver_version": attempt(nvml.nvmlSystemGetDriverVersion),
    }


def process_list_of(device):
    utilization = attempt(nvml.nvmlDeviceGetProcessUtilization, device, 0)
    sm = {} if isinstance(utilization, dict) else {sample.pid: sample.smUtil for sample in utilization}
    found = processes_of(device)
    return [
        {
            "pid": process.pid,
            "memory__MiB": process.usedGpuMemory and process.usedGpuMemory / MIB,
            "sm__pct": sm.get(process.pid),
        }
        for process in found
    ]


def read(index):
    device = attempt(nvml.nvmlDeviceGetHandleByIndex, index)
    if isinstance(device, dict):
        return device
    return {
        "identity": identity_of(device),
        "metrics": metrics_of(device),
        "processes": process_list_of(device),
    }


nvml.nvmlInit()
print(json.dumps([read(index) for index in range(nvml.nvmlDeviceGetCount())]))
nvml.nvmlShutdown()
