"""The desktop around the panel: event loop, D-Bus, notifications, power, network, files."""
