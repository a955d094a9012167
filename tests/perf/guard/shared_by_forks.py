"""48 MiB that six processes share: one times 48 MiB, whatever the plain sum says."""

import os
import time

held = bytearray(b"x") * (48 << 20)
for _ in range(5):
    if os.fork() == 0:
        break
time.sleep(2)
