"""150 MiB of a file in memory (/dev/shm), mapped and written."""

import mmap
import tempfile
import time

with tempfile.TemporaryFile(dir="/dev/shm") as file:
    file.truncate(150 << 20)
    held = mmap.mmap(file.fileno(), 150 << 20)
    for at in range(0, len(held), 4096):
        held[at] = 1
    time.sleep(60)
