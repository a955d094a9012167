"""A child stops itself; it cannot even take notice of a polite signal."""

import os
import signal
import time

if os.fork() == 0:
    os.setsid()
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(60)
time.sleep(0.2)
