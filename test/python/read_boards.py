"""Reads with nvidia-ml-py what boards are made of; prints a JSON list, one object a device that can be opened."""

import json
import os

import pynvml as nvml
from answers import attempt, scaled

MIB = 1048576


def links_of(device):
    """What each link answers, until the index is beyond the last or there is none."""
    states = []
    for link in range(nvml.NVML_NVLINK_MAX_LINKS + 1):
        states.append(attempt(nvml.nvmlDeviceGetNvLinkState, device, link))
        if isinstance(states[-1], dict):
            break
    return states


def fields_of(device, *ids):
    values = nvml.nvmlDeviceGetFieldValues(device, list(ids))
    return [value.value.uiVal if value.nvmlReturn == 0 else {"code": value.nvmlReturn} for value in values]


def pids_of(call, device):
    return [process.pid for process in call(device)]


def read(index):
    device = attempt(nvml.nvmlDeviceGetHandleByIndex, index)
    if isinstance(device, dict):
        return device
    bar1 = attempt(nvml.nvmlDeviceGetBAR1MemoryInfo, device)
    return {
        "links": links_of(device),
        "link_fields": fields_of(device, nvml.NVML_FI_DEV_NVLINK_SPEED_MBPS_COMMON, nvml.NVML_FI_DEV_NVLINK_LINK_COUNT),
        "bar1__MiB": bar1 if isinstance(bar1, dict) else [bar1.bar1Total / MIB, bar1.bar1Used / MIB],
        "fans": attempt(nvml.nvmlDeviceGetNumFans, device),
        "fan__pct": attempt(nvml.nvmlDeviceGetFanSpeed, device),
        "energy__J": scaled(attempt(nvml.nvmlDeviceGetTotalEnergyConsumption, device), 1000),
        "compute": pids_of(nvml.nvmlDeviceGetComputeRunningProcesses_v2, device),
        "graphics": pids_of(nvml.nvmlDeviceGetGraphicsRunningProcesses_v2, device),
    }


nvml.nvmlInit()
boards = [read(index) for index in range(nvml.nvmlDeviceGetCount())]
print(json.dumps({"pid": os.getpid(), "boards": boards}))
