"""What connects widgets with the running program: services, bridge of events, recent runs."""
