"""What a TLS endpoint shows: its certificate chain, judged, and what it offers."""
