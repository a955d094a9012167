"""Double fork, a session of its own, everything closed, an empty environment: a daemon by the book, still there when its starter is gone."""

import os

if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 64)
os.umask(0)
os.execve("/bin/sleep", ["sleep", "60"], {})
