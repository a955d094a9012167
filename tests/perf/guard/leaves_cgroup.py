"""A child writes itself into the topmost cgroup that there is, where it may, and stays."""

import glob
import os
import time

if os.fork() == 0:
    os.setsid()
    for path in ("/sys/fs/cgroup/cgroup.procs", *glob.glob("/sys/fs/cgroup/*/cgroup.procs")):
        try:
            with open(path, "w") as file:
                file.write(str(os.getpid()))
        except OSError:
            pass
    time.sleep(60)
time.sleep(0.2)
