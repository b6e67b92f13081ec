"""Time and place conventions shared by all stages: passes, moments, longitudes, nested zones, the geoid."""
