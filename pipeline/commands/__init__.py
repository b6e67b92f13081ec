"""Commands of the command line: single stages, finished runs, plans, new places, machine information."""
