"""Reads every GPU with a program of others (argv: which, and how many GPUs), through its own interface. Prints a JSON
list, one object a GPU: metrics by our names, {"code": n} for NVML's return code, null where it tells no reason. A GPU
that the program does not read at all is one code."""

import contextlib
import json
import sys

import pynvml

MIB = 1048576


def code(error):
    """NVML's return code in an exception of whichever library."""
    while not hasattr(error, "value"):
        error = error.__context__
    return {"code": error.value}


def attempt(call, *arguments):
    try:
        return call(*arguments)
    except Exception as error:
        return code(error)


def scaled(value, scale):
    """What is not available is no number: None, text, or a code."""
    return value / scale if isinstance(value, int) else value


def part(value, pick):
    return value if isinstance(value, dict) else pick(value)


def nvitop(index):
    import nvitop

    device = nvitop.Device(index)
    values = {
        "name": device.name(),
        "gpu_utilization__pct": device.gpu_utilization(),
        "memory_utilization__pct": device.memory_utilization(),
        "encoder_utilization__pct": device.encoder_utilization(),
        "decoder_utilization__pct": device.decoder_utilization(),
        "gpu_temperature__C": device.temperature(),
        "fan_speed__pct": device.fan_speed(),
        "gpu_clock__MHz": device.sm_clock(),
        "memory_clock__MHz": device.memory_clock(),
        "graphics_clock__MHz": device.graphics_clock(),
        "power_draw__W": scaled(device.power_usage(), 1000),
        "power_limit__W": scaled(device.power_limit(), 1000),
        "memory_used__MiB": scaled(device.memory_used(), MIB),
        "memory_free__MiB": scaled(device.memory_free(), MIB),
        "memory_total__MiB": scaled(device.memory_total(), MIB),
    }
    return {name: None if value == nvitop.NA else value for name, value in values.items()}


def gpustat(index):
    from gpustat import GPUStatCollection

    values = GPUStatCollection.new_query(id=[index])[0].jsonify()
    return {
        "name": values["name"],
        "gpu_utilization__pct": values["utilization.gpu"],
        "encoder_utilization__pct": values["utilization.enc"],
        "decoder_utilization__pct": values["utilization.dec"],
        "gpu_temperature__C": values["temperature.gpu"],
        "fan_speed__pct": values["fan.speed"],
        "power_draw__W": values["power.draw"],
        "power_limit__W": values["enforced.power.limit"],
        "memory_used__MiB": values["memory.used"],
        "memory_total__MiB": values["memory.total"],
    }


def py3nvml(index):
    from py3nvml import py3nvml as nvml

    nvml.nvmlInit()
    device = nvml.nvmlDeviceGetHandleByIndex(index)
    # Its own structure, of 52 bytes.
    nvml.nvmlDeviceGetPciInfo(device)
    rates = attempt(nvml.nvmlDeviceGetUtilizationRates, device)
    memory = attempt(nvml.nvmlDeviceGetMemoryInfo, device)
    return {
        "name": attempt(nvml.nvmlDeviceGetName, device),
        "gpu_utilization__pct": part(rates, lambda value: value.gpu),
        "memory_utilization__pct": part(rates, lambda value: value.memory),
        "encoder_utilization__pct": part(attempt(nvml.nvmlDeviceGetEncoderUtilization, device), lambda pair: pair[0]),
        "decoder_utilization__pct": part(attempt(nvml.nvmlDeviceGetDecoderUtilization, device), lambda pair: pair[0]),
        "gpu_temperature__C": attempt(nvml.nvmlDeviceGetTemperature, device, nvml.NVML_TEMPERATURE_GPU),
        "fan_speed__pct": attempt(nvml.nvmlDeviceGetFanSpeed, device),
        "perf_state": attempt(nvml.nvmlDeviceGetPerformanceState, device),
        "gpu_clock__MHz": attempt(nvml.nvmlDeviceGetClockInfo, device, nvml.NVML_CLOCK_SM),
        "power_draw__W": scaled(attempt(nvml.nvmlDeviceGetPowerUsage, device), 1000),
        "power_limit__W": scaled(attempt(nvml.nvmlDeviceGetEnforcedPowerLimit, device), 1000),
        "memory_free__MiB": part(memory, lambda value: value.free / MIB),
        "memory_total__MiB": part(memory, lambda value: value.total / MIB),
    }


def codecarbon(index):
    from codecarbon.core.gpu_nvidia import NvidiaGPUDevice

    pynvml.nvmlInit()
    values = NvidiaGPUDevice(handle=pynvml.nvmlDeviceGetHandleByIndex(index), gpu_index=index).get_gpu_details()
    return {
        "name": values["name"],
        "gpu_utilization__pct": values["gpu_utilization"],
        "gpu_temperature__C": values["temperature"],
        "power_draw__W": values["power_usage"],
        "power_limit__W": values["power_limit"],
        "energy__J": scaled(values["total_energy_consumption"], 1000),
        "memory_free__MiB": values["free_memory"] / MIB,
        "memory_total__MiB": values["total_memory"] / MIB,
    }


def zeus(index):
    from zeus.device.gpu.nvidia import NVIDIAGPU

    pynvml.nvmlInit()
    device = NVIDIAGPU(index)
    return {
        "name": attempt(device.get_name),
        "gpu_temperature__C": attempt(device.get_gpu_temperature),
        "power_limit__W": scaled(attempt(device.get_power_management_limit), 1000),
        "energy__J": scaled(attempt(device.get_total_energy_consumption), 1000),
    }


# Some of them print; what is printed here is the answer.
with contextlib.redirect_stdout(sys.stderr):
    read = globals()[sys.argv[1]]
    answer = [attempt(read, index) for index in range(int(sys.argv[2]))]
print(json.dumps(answer))
