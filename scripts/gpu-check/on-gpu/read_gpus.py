"""Reads GPU metrics with nvidia-ml-py, in a conversation: argv[1] is a JSON list of the catalog's NVML reads, each with
its metric's name. Prints one line on what it is; then, for each line of stdin, one JSON object: by UUID and metric a
number, {"none": NVML's words} or {"failed": why it could not be asked}."""

import json
import sys

import pynvml as nvml

VALUE_MEMBERS = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal", "usVal")


def memory_of(device):
    # As nvpulse: the second form, the first only where the driver has no other.
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(device, nvml.nvmlMemory_v2)
    except nvml.NVMLError_FunctionNotFound:
        memory = nvml.nvmlDeviceGetMemoryInfo(device)
    if memory.total == 0:
        # The GPU has none of its own and shares the host's: nvpulse says so, too.
        raise nvml.NVMLError(nvml.NVML_ERROR_NOT_SUPPORTED)
    return memory


def processes_of(device, call):
    try:
        return getattr(nvml, "nvml" + call + "_v3")(device)
    except nvml.NVMLError_FunctionNotFound:
        return getattr(nvml, "nvml" + call + "_v2")(device)


def field_of(device, field):
    answer = nvml.nvmlDeviceGetFieldValues(device, [field])[0]
    if answer.nvmlReturn != 0:
        raise nvml.NVMLError(answer.nvmlReturn)
    return getattr(answer.value, VALUE_MEMBERS[answer.valueType])


def answer_of(device, read):
    shape = read["shape"]
    if shape == "field":
        return field_of(device, read["arg"])
    if shape == "memory":
        return getattr(memory_of(device), read["member"])
    call = getattr(nvml, "nvml" + read["call"])
    if shape in ("u32", "u64"):
        return call(device)
    if shape == "u32_arg":
        return call(device, read["arg"])
    if shape == "u32_pair":
        return call(device)[0]
    if shape == "utilization":
        return getattr(call(device), read["member"])
    if read["name"] == "process_num":
        return len(processes_of(device, read["call"]))
    raise NotImplementedError("no comparison of the shape " + shape)


def attempt(device, read):
    try:
        return answer_of(device, read) * read.get("scale", 1)
    except nvml.NVMLError as error:
        return {"none": str(error)}
    except Exception as error:
        return {"failed": "{}: {}".format(type(error).__name__, error)}


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def gpus():
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            device = nvml.nvmlDeviceGetHandleByIndex(index)
            yield text(nvml.nvmlDeviceGetUUID(device)), device
        except nvml.NVMLError:
            continue  # nvpulse has no such GPU either, or the missing one is told.


def version():
    try:
        from importlib.metadata import version as version_of

        return version_of("nvidia-ml-py")
    except Exception:
        return "of unknown version"


reads = json.loads(sys.argv[1])
nvml.nvmlInit()
driver = text(nvml.nvmlSystemGetDriverVersion())
print("nvidia-ml-py {}, driver {}, Python {}".format(version(), driver, sys.version.split()[0]))
for _ in sys.stdin:
    print(json.dumps({uuid: {read["name"]: attempt(device, read) for read in reads} for uuid, device in gpus()}))
