"""The whole kind against honest servers."""

import pytest

from .servers import Tls


async def test_a_good_endpoint_is_trusted(look, server):
    print(await look(server))
