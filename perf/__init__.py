"""perf: how fast and how big.

    guard      runs a command tree under limits and says what it took: the one door to processes
    budget     the most memory that a named step may take; memory-budgets.txt
    baseline   what it took when a version was made; memory-baselines/v<VERSION>.txt
    figure     a measured number with its unit, its machine and the way it was measured
    gate       a claim over figures, red when a figure breaks its budget

perf/guard keeps to Python's standard library, 3.8 or later: the chain runs through it before anything is installed.
"""
