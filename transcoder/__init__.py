"""From public requests to internal calls and back. Only `transcoder.dialect` knows what the internal services speak."""
