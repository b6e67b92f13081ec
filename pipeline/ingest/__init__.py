"""Ingest: opens and calibrates inputs. Images become scenes, AIS files become tables, configs become places."""
