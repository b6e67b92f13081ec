"""Placeholder docstring, replaced by the stage."""
