"""The command is small; its grandchild takes 300 MiB."""

import os
import time

if os.fork() == 0:
    if os.fork() == 0:
        held = bytearray(300 << 20)
        time.sleep(60)
    os.wait()
    os._exit(0)
os.wait()
