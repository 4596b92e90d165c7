"""Multiplies matrices on the first GPU with PyTorch for argv[1] seconds. Its first line says what it does; it ends with
3, and the reason, where it cannot."""

import sys
import time


def cannot(reason):
    print(reason, flush=True)
    sys.exit(3)


try:
    import torch
except Exception as error:
    cannot("python3 cannot import torch: {}".format(error))
if not torch.cuda.is_available():
    cannot("torch {} sees no GPU".format(torch.__version__))

matrix = torch.randn(4096, 4096, device="cuda", dtype=torch.float16)
torch.cuda.synchronize()
print("torch {}, 4096 x 4096 in half precision on {}".format(torch.__version__, torch.cuda.get_device_name()), flush=True)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for _ in range(20):
        matrix @ matrix
    torch.cuda.synchronize()
