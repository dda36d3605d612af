"""The panel's words: its language, phrases for states and events, stored values as text."""
