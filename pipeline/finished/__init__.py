"""What is done with finished runs: list, compare, open, verify, repeat, archive."""
