"""Times and places as every stage means them: passes, moments, leap seconds, longitudes, zones on zones."""
