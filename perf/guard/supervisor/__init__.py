"""supervisor: the processes that stand between a caller and the tree it runs.

    supervisor   a fresh Python, started by the caller; prepares the containment and sweeps up should the reaper die
    reaper       its child: first process of the tree's namespace, or the one that orphans go to; starts the command, waits for
                 every member, samples, ends the tree
    launcher     /bin/sh, about 1 MiB: forks the process that becomes the command, so that the command's peak is its own

The caller is never altered: what is asked of the kernel (subreaper, namespaces, personality) is asked by processes that end
with the run. Each of them ends the tree when the one above it is gone. These modules import nothing of the rest of the guard,
for they are loaded at every run.
"""
