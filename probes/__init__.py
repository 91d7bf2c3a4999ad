"""The probes: one file per kind."""
