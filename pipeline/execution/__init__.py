"""Execution: workers, the cache of stage results, the run's log, and stopping on signals."""
