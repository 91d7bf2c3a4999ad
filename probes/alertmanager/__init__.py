"""The kind `alertmanager`: whether it is ready, what is silenced, and whom an alert would reach.

api          what its API tells (v2)
config       its configuration, as far as routing needs it
routing      the way of an alert through the tree of routes
silences     what is silenced now, and for how long
probe        the kind
"""
