"""A profile as it is written: its items, with every key in its place and nothing resolved yet."""

from agent.profile.items import Item
from agent.profile.load import Profile, load
from agent.profile.mentions import nodes, undeclared

__all__ = ["Item", "Profile", "load", "nodes", "undeclared"]
