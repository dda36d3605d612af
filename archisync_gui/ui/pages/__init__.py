"""The pages of the window, one module each, and the models that only they use."""
