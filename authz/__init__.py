"""The authoriser: one decision per request, asked by the edge over gRPC. Knows no path, no record and no database."""
