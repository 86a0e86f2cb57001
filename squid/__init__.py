"""Squid: a chat server in one Python process over one SQLite file."""

__version__ = "0.1.0"
