"""A month of a port that never was, to show and to measure with: ships, their AIS, and what each sensor sees."""
