"""tests.perf: the harness: guard, budgets, times, benchmarks, bisection."""
