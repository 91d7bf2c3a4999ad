"""gonogo: is it safe to go? The engine and everything an operator touches."""

__version__ = "0.1.0"
