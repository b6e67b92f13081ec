"""Training of the small network that finds hulls in Sentinel-2 images. Needs torch; the package itself does not."""
