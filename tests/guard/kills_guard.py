"""The command ends its own parent, which is the guard's reaper, and stays."""

import os
import signal
import time

os.fork()
time.sleep(0.05)
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(0.5)
