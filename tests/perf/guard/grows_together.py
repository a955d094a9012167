"""Ten members that hold next to nothing until all have been weighed, then 12 MiB each: none is over 64 MiB, all together are."""

import os
import time

for _ in range(9):
    if os.fork() == 0:
        break
time.sleep(0.5)
held = bytearray(b"x") * (12 << 20)
time.sleep(60)
