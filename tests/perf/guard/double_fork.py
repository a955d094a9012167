"""A grandchild whose parent has ended at once."""

import os
import time

if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
os.wait()
