"""Sentinel-2 products as their operator delivers them: bands in files of 10 and 20 m, and what is said of them."""
