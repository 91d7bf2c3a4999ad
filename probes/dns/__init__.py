"""The `dns` kind, and the floor under every kind that opens its own sockets.

`endpoint` (what `host:port` means), `wire` (connections and datagrams) and `sources` know nothing of DNS
messages and load nothing but anyio: `tcp` and `runner` stand on the first two.  `dnspython` is imported by
the other modules only, so that no other kind pays for it.
"""
