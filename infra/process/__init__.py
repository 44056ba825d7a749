"""Being a process: settings, listening addresses, logs, draining. Knows no API fact and no contact."""
