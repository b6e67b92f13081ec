"""Ingest: open and calibrate. Images become scenes, AIS files become tables, configs become places."""
