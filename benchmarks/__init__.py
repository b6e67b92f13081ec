"""Speed and accuracy benchmarks, each printed as a table. Not part of the tests: a slow machine is no failure."""
