"""Lint: what is valid in a profile, and still probably not what was meant."""

from agent.lint.rules import Doubt, lint

__all__ = ["Doubt", "lint"]
