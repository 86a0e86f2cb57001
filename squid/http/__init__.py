"""The HTTP API: `routes.py` is the table of routes; a file for each noun."""
