"""Public HTTP requests: headers, media types, query parameters, and strict JSON."""
