"""Sentinel-1 GRD products: files, XML, calibration, orbit, and cut-outs."""
