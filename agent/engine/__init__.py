"""The engine: runs a plan and gives every check exactly one result, whatever happens.

`host.execute` is the way in.  From the outside inwards: `host` owns the thread and the signals, `run` the
task groups, `order` and `slots` decide who is next, `trial` is one check, `course` one check over time,
`look` one call into a probe, `judge` what it came to, and `ledger` writes down and tells.
"""
