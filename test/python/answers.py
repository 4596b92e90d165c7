"""What nvidia-ml-py answers, as JSON can hold it: {"code": n} stands for NVML's return code where there is no value."""

import pynvml as nvml


def attempt(call, *arguments):
    try:
        return call(*arguments)
    except nvml.NVMLError as error:
        return {"code": error.value}


def scaled(value, scale):
    return value if isinstance(value, dict) else value / scale
