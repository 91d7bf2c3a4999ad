"""The engine: runs a plan and gives every check exactly one result, whatever happens.

`host.execute` is the way in.  From the outside inwards:

host, heart         the thread of the event loop, the thread that waits for it, signals
run, stop           the task groups of a run, and how it ends early
order, slots        whose turn it is, and how many at once
needs, results      what a check needs, and what it can come to
ready, late, chores probes built, secrets and readings put where they belong, preparation
trial, course, hold one check, and one check over time
attempt, look       one attempt, one call into a probe; guard keeps what that raises
reading, judge      what was measured, held against the limits
ledger, record      what is written down and told: masked, cut, in order
"""
