"""Ten members of 20 MiB each: none is over 64 MiB, all together are."""

import os
import time

for _ in range(9):
    if os.fork() == 0:
        break
held = bytearray(b"x") * (20 << 20)
time.sleep(60)
