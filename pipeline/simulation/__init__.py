"""Simulate a port with known truth, for demonstration and measurement: ships, their AIS, and each sensor's images."""
