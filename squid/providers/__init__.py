"""A model behind one small protocol."""
