"""150 MiB of anonymous memory shared with a child, which writes it."""

import mmap
import os
import time

held = mmap.mmap(-1, 150 << 20)
if os.fork() == 0:
    for at in range(0, len(held), 4096):
        held[at] = 1
    time.sleep(60)
os.wait()
