"""Exports and imports, a file per format."""
