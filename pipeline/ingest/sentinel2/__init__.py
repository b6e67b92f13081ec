"""Sentinel-2 products as delivered by the operator: bands in files of 10 and 20 m, and their metadata."""
