"""The frame of the panel: window, header, side bar, tray icon, notifications; closing, hiding and quitting."""
