"""A child in a session of its own ends the command and stays."""

import os
import signal
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(0.1)
    os.kill(os.getppid(), signal.SIGKILL)
time.sleep(60)
