"""A process that runs a plan: `python -m tests.agent.engine.victim PLAN`; test_process.py does things to it."""

import os
import sys
import threading

import anyio
import msgspec
from anyio import to_thread

from agent.engine.host import execute
from agent.engine.run import Times
from agent.plan.steps import Policy
from tests.agent.engine.kit import check, plan, script, section, takes

LONG = Policy(timeout=60)
QUICK = Policy(timeout=0.1)


async def blocks_a_thread():
    await to_thread.run_sync(threading.Event().wait, abandon_on_cancel=True)


async def blocks_a_thread_and_cannot_be_cancelled():
    await to_thread.run_sync(threading.Event().wait)


async def blocks_the_loop():
    threading.Event().wait()


async def swallows():
    while True:
        try:
            await anyio.sleep(0.02)
        except anyio.get_cancelled_exc_class():
            continue


PLANS = {
    "passes": plan(check("a")),
    "long": plan(
        section(
            "s",
            check("s/up", active=True),
            check("s/long", script(takes(60)), active=True, policy=LONG),
            check("s/down", script(takes(0.05)), active=True, always=True),
        ),
        active_allowed=True,
    ),
    "long-clean-up": plan(
        section(
            "s",
            check("s/up", script(takes(60)), active=True, policy=LONG),
            check("s/down", script(takes(60)), active=True, always=True, policy=LONG),
        ),
        active_allowed=True,
    ),
    "blocks-thread": plan(check("a", script(blocks_a_thread), policy=QUICK), check("b", policy=QUICK)),
    "blocks-thread-for-good": plan(
        check("a", script(blocks_a_thread_and_cannot_be_cancelled), policy=QUICK), check("b", policy=QUICK)
    ),
    "blocks-loop": plan(check("b", policy=QUICK), check("a", script(blocks_the_loop), policy=QUICK)),
    "swallows": plan(check("a", script(swallows), policy=QUICK), check("b", policy=QUICK)),
}


def main(name: str) -> None:
    def tell(event) -> None:
        print(msgspec.json.encode(event).decode(), flush=True)

    run = execute(PLANS[name], tell, Times(patience=0.3))
    print(msgspec.json.encode(run).decode(), flush=True)
    if run.stuck:
        os._exit(7)
    sys.exit(130 if run.interrupted else 0)


if __name__ == "__main__":
    main(sys.argv[1])
