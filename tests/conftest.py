"""What every test shares: the backend of asynchronous tests."""

import pytest


@pytest.fixture
def anyio_backend():
    """Probes run on asyncio; the engine's own tests override this with both backends."""
    return "asyncio"
