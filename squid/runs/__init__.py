"""The engine: run a model into the log, follow the log, stop, recover."""
