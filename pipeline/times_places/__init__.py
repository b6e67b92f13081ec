"""Times and places as every stage means them: passes, moments, longitudes, zones on zones."""
