"""The demo: a small shop on this machine, real servers on loopback, and the faults that break it."""
