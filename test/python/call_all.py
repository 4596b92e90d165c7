"""Calls every function that argv names, before init and after it, with device 0 (which exists after init only) and
zeroed memory; prints a JSON object of [before, after] by name. One that begins with '-' is called before init only."""

import ctypes
import json
import sys

library = ctypes.CDLL("libnvidia-ml.so.1")


def call(name, device):
    arguments = [ctypes.create_string_buffer(4096) for _ in range(5)]
    return getattr(library, name)(device, *arguments)


names = sys.argv[1:]
before = {name: call(name.lstrip("-"), None) for name in names}
assert library.nvmlInit_v2() == 0
device = ctypes.c_void_p()
assert library.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(device)) == 0
after = {name: None if name[0] == "-" else call(name, device) for name in names}
print(json.dumps({name.lstrip("-"): [before[name], after[name]] for name in names}))
