"""150 MiB of a file without a name (memfd), mapped and written."""

import mmap
import os
import time

file = os.memfd_create("held")
os.ftruncate(file, 150 << 20)
held = mmap.mmap(file, 150 << 20)
for at in range(0, len(held), 4096):
    held[at] = 1
time.sleep(60)
