"""The pages of the window, and the parts and models that only they use."""
