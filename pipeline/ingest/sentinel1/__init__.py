"""Sentinel-1 ground-range products: their files, XML, calibration, orbit, and parts cut out of them."""
