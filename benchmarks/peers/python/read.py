"""Twelve metrics of every GPU with nvidia-ml-py. Reads a number of passes from a line of stdin, makes them,
and prints the nanoseconds of one; of none, the sum of the first GPU's values."""

import sys
import time

from pynvml import (
    NVMLError,
    nvmlDeviceGetClockInfo,
    nvmlDeviceGetCount,
    nvmlDeviceGetDecoderUtilization,
    nvmlDeviceGetEncoderUtilization,
    nvmlDeviceGetFanSpeed,
    nvmlDeviceGetFieldValues,
    nvmlDeviceGetHandleByIndex,
    nvmlDeviceGetPerformanceState,
    nvmlDeviceGetPowerUsage,
    nvmlDeviceGetTemperature,
    nvmlDeviceGetUtilizationRates,
    nvmlInit,
)

FIELDS = [82]


def ask(call, *arguments):
    try:
        return call(*arguments)
    except NVMLError:
        return None


def read(device):
    rates = ask(nvmlDeviceGetUtilizationRates, device)
    fields = ask(nvmlDeviceGetFieldValues, device, FIELDS)
    encoder = ask(nvmlDeviceGetEncoderUtilization, device)
    decoder = ask(nvmlDeviceGetDecoderUtilization, device)
    power = ask(nvmlDeviceGetPowerUsage, device)
    return (
        ask(nvmlDeviceGetClockInfo, device, 1),
        ask(nvmlDeviceGetClockInfo, device, 2),
        ask(nvmlDeviceGetClockInfo, device, 0),
        rates and rates.gpu,
        rates and rates.memory,
        encoder and encoder[0],
        decoder and decoder[0],
        ask(nvmlDeviceGetTemperature, device, 0),
        fields and fields[0].value.uiVal,
        ask(nvmlDeviceGetFanSpeed, device),
        ask(nvmlDeviceGetPerformanceState, device),
        power and power * 1e-3,
    )


nvmlInit()
devices = [nvmlDeviceGetHandleByIndex(i) for i in range(nvmlDeviceGetCount())]
for line in sys.stdin:
    passes = int(line)
    if passes == 0:
        print(sum(value or 0 for value in read(devices[0])), flush=True)
        continue
    begun = time.perf_counter_ns()
    for _ in range(passes):
        values = [read(device) for device in devices]
    elapsed = time.perf_counter_ns() - begun
    print(f"{elapsed / passes:.3f}", flush=True)
