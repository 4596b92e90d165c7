"""Reads one GPU with nvidia-ml-py about a thousand times a second for a while, following the clock: a JSON list of
[before, after, energy mJ, power mW, gpu %, SM clock MHz, temperature C], times in ns as text."""

import json
import sys
import time

import pynvml as nvml

index, duration__s = int(sys.argv[1]), float(sys.argv[2])
nvml.nvmlInit()
device = nvml.nvmlDeviceGetHandleByIndex(index)
rows = []
end = time.monotonic() + duration__s
while time.monotonic() < end:
    before = time.time_ns()
    values = [
        nvml.nvmlDeviceGetTotalEnergyConsumption(device),
        nvml.nvmlDeviceGetPowerUsage(device),
        nvml.nvmlDeviceGetUtilizationRates(device).gpu,
        nvml.nvmlDeviceGetClockInfo(device, nvml.NVML_CLOCK_SM),
        nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU),
    ]
    rows.append([str(before), str(time.time_ns()), *values])
    time.sleep(0.0005)
print(json.dumps(rows))
