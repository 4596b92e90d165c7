"""One step after another against the simulator; prints a JSON list of what each gave: NVML's return code
(0: success), or its value. Steps, as words of argv:

init, shutdown, count     those calls
open:I, look:I            looks up device I, and keeps the handle or drops it
power, energy, name ...   reads the kept handle (see READS)
until:CODE:STEP           repeats STEP until it gives CODE; gives up after 20 s
timed:STEP                the milliseconds that STEP takes
hangs:STEP                whether STEP, on a thread of its own, is still out after a while
"""

import json
import os
import sys
import threading
import time

import pynvml as nvml

READS = {
    "power": nvml.nvmlDeviceGetPowerUsage,
    "energy": nvml.nvmlDeviceGetTotalEnergyConsumption,
    "name": nvml.nvmlDeviceGetName,
    "temperature": lambda device: nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU),
    "temperature_v": lambda device: nvml.nvmlDeviceGetTemperatureV(device, nvml.NVML_TEMPERATURE_GPU),
    "fan": nvml.nvmlDeviceGetFanSpeed,
    "fan_v2": lambda device: nvml.nvmlDeviceGetFanSpeed_v2(device, 0),
    "memory_v1": lambda device: nvml.nvmlDeviceGetMemoryInfo(device).total,
    "memory_v2": lambda device: nvml.nvmlDeviceGetMemoryInfo(device, nvml.nvmlMemory_v2).total,
    "memory_v9": lambda device: nvml.nvmlDeviceGetMemoryInfo(device, 0x09000028).total,
    "pids": lambda device: [process.pid for process in nvml.nvmlDeviceGetComputeRunningProcesses_v3(device)],
    "pcie": lambda device: nvml.nvmlDeviceGetPcieThroughput(device, nvml.NVML_PCIE_UTIL_TX_BYTES),
    "samples": lambda device: len(nvml.nvmlDeviceGetSamples(device, 0, 0)[1]),
}
kept = None


def call(word):
    global kept
    name, _, argument = word.partition(":")
    if name == "open":
        kept = nvml.nvmlDeviceGetHandleByIndex(int(argument))
        return None
    if name == "look":
        nvml.nvmlDeviceGetHandleByIndex(int(argument))
        return None
    if name == "until":
        code, _, step = argument.partition(":")
        return until(int(code), step)
    if name == "timed":
        start = time.monotonic()
        answer(argument)
        return (time.monotonic() - start) * 1000
    if name == "hangs":
        thread = threading.Thread(target=answer, args=[argument], daemon=True)
        thread.start()
        thread.join(0.3)
        return thread.is_alive()
    if name == "version":
        return nvml.nvmlSystemGetNVMLVersion()
    if name in READS:
        return READS[name](kept)
    return {"init": nvml.nvmlInit, "shutdown": nvml.nvmlShutdown, "count": nvml.nvmlDeviceGetCount}[name]()


def answer(word):
    try:
        value = call(word)
        return 0 if value is None else value
    except nvml.NVMLError as error:
        return {"code": error.value}


def until(code, step):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        given = answer(step)
        if given == {"code": code} or (code == 0 and not isinstance(given, dict)):
            return given
        time.sleep(0.002)
    raise TimeoutError(f"{step} never gave {code}, last {given}")


print(json.dumps([answer(word) for word in sys.argv[1:]]), flush=True)
# Past threads that never return.
os._exit(0)
