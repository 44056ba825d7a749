"""The local runner: the same processes as anywhere else, without Docker or root, each watched by one supervisor.

Owns the run folder (keys, certificates, sockets, logs, state), the order of starting and leaving, and the commands
behind the Makefile. It must not know what the services do: it starts them by name and knows them by their settings.
"""
