"""Programs that generate files the package ships; not part of the package."""
