"""The command ends its own parent, which is the guard's reaper, and stays."""

import os
import signal
import time

reaper = os.getppid()
os.fork()
time.sleep(0.05)
os.kill(reaper, signal.SIGKILL)
time.sleep(0.5)
