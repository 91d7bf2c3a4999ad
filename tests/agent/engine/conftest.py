"""The engine's own tests run on both backends; on trio time is virtual, so that an hour passes at once."""

import pytest
from trio.testing import MockClock


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    clock = {"clock": MockClock(autojump_threshold=0)}
    return {"asyncio": "asyncio", "trio": ("trio", clock), "trio-in-real-time": "trio"}[request.param]
