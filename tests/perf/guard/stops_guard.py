"""The command stops its own parent, which is the guard's reaper."""

import os
import signal
import time

os.kill(os.getppid(), signal.SIGSTOP)
time.sleep(0.3)
