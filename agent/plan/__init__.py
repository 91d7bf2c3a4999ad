"""From a profile to a plan: everything is resolved, typed and checked before anything runs."""
