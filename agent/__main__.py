"""Where the process starts: `gonogo` and `python -m agent`."""

import gc

gc.set_threshold(50_000, 20, 100)
# A run is short and makes few cycles; collecting while modules load would cost a tenth of its start.

from agent.cli import main  # noqa: E402  the threshold comes first

if __name__ == "__main__":
    main()
