"""The panel's connections to the desktop: event loop, D-Bus, notifications, sleep, network, the session's end."""
