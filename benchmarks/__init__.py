"""Speed and accuracy, each printed as a table. Never part of the tests: a slow machine is no error."""
