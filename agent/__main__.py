"""`python -m agent` is `gonogo`."""

from agent.cli import main

main()
