"""150 MiB for 20 ms, in a grandchild."""

import os
import time

if os.fork() == 0:
    held = bytearray(b"x") * (150 << 20)
    time.sleep(0.02)
    os._exit(0)
os.wait()
time.sleep(0.1)
