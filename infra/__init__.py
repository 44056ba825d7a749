"""What every service stands on: the gRPC server, the HTTP client, the stores and the process. Knows no API fact."""
