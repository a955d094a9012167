"""A guard inside a guard: the inner tree sleeps. The first argument is the folder that holds perf/, the second the seconds to sleep."""

import sys

sys.path.insert(0, sys.argv[1])

from perf.guard import run  # noqa: E402

outcome = run(["sh", "-c", "setsid sleep 60 & sleep $0", *sys.argv[2:]])
print(outcome.kill.value, outcome.status, outcome.survivors, flush=True)
