"""Products in the SAFE format of Sentinel-1 and -2: their files, in a folder or a zip, and what the manifest lists."""
