"""The only place with SQL.

`database.py` has one writer and many readers; every other noun is a module of plain
functions that take an open connection and run inside the transaction they are given
to: `await database.read(sessions.get, user_id, session_id)`. Functions compose into
one transaction by calling each other.
"""
