"""What the model gets to see: window, files, prompt."""
