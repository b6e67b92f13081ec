"""Products in the SAFE format of Sentinel-1 and -2: access to files in a folder or zip, and the manifest."""
