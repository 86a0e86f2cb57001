"""What each promise costs: `python -m bench`. Nothing here is a test, and no test is timed."""
