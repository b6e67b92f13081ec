"""Image metadata (time, sensor, bands, angles) from file names, tags, sidecars and user options."""
