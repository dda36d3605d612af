"""The frame of the panel: window, tray icon, and what closing, hiding and quitting mean."""
