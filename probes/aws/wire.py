"""What goes over the wire: each answer read to its end, within bounds, and seen to be one.

botocore takes what it gets: it does not hold an answer against its Content-Length, and takes garbage for an empty
one.  Both would look like "there is nothing", which is what many a gate wants to hear.  So answers are read here,
before botocore sees them.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from time import monotonic
from urllib.parse import urlsplit

from anyio import from_thread
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from botocore.model import ServiceModel
from botocore.utils import get_environ_proxies
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from agent.probe import Unreachable
from probes.aws.genuine import refuse_strangers

__all__ = ["POOL", "TIMEOUTS", "Wire"]

TIMEOUTS = (10, 60)
"""Seconds to connect and for each silence.  Not the check's time, which the engine keeps: a thread that was left
behind has to end at last."""

POOL = 64
"""Connections kept to one service, as many as there can be threads."""

_LONGEST = 300.0
"""Seconds after which an answer that never ends is left, for the same reason."""

_LARGEST = 64 * 2**20
"""Bytes of one answer; one page of AWS's largest lists has a tenth of it."""

_CHUNK = 2**16


class _Body:
    """A body that was read, where botocore expects to read one."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content


class Wire:
    """Sends the requests of one client, in place of botocore's own sender (its event `before-send`)."""

    def __init__(self, endpoint: str, service: ServiceModel, verify: str | bool) -> None:
        self._service = service
        self._session = URLLib3Session(
            verify=verify,  # type: ignore[arg-type]  # a file too, which the stubs do not know
            proxies=get_environ_proxies(endpoint),
            timeout=TIMEOUTS,  # type: ignore[arg-type]  # a pair too
            max_pool_connections=POOL,
            # or the head of a request waits for its body, 40 ms
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # type: ignore[list-item]  # the stubs err
        )

    def send(self, request: AWSPreparedRequest, event_name: str, **_: object) -> AWSResponse:
        """Send, and read the whole answer.  Raises Unreachable when it is none, else what botocore raises.

        Works in anyio's worker threads alone, whose task can be gone.
        """
        from_thread.check_cancelled()  # nobody waits any more: AWS is left in peace
        request.stream_output = True  # botocore would read without bounds
        response = self._session.send(request)
        where = urlsplit(request.url).netloc
        content = _content(response.raw, response.headers.get("content-length"), request.method, where)
        operation = self._service.operation_model(event_name.rpartition(".")[2])
        refuse_strangers(content, response.status_code, response.headers, operation)
        body = _Body(content)
        answer = AWSResponse(response.url, response.status_code, response.headers, body)  # type: ignore[arg-type]
        if request.method != "HEAD":
            answer.headers["content-length"] = str(len(content))  # what `service` adds up
        return answer


def _content(raw: HTTPResponse, announced: str | None, method: str, where: str) -> bytes:
    chunks: list[bytes] = []
    size, end = 0, monotonic() + _LONGEST
    try:
        for chunk in iter(partial(raw.read1, _CHUNK, decode_content=False), b""):
            from_thread.check_cancelled()
            size += len(chunk)
            if size > _LARGEST or monotonic() > end:
                raw.close()
                raise Unreachable(f"{where}: the answer does not end: {size} bytes so far")
            chunks.append(chunk)
    except (HTTPError, OSError) as error:
        raw.close()
        raise Unreachable(f"{where}: the answer was cut short after {size} bytes") from error
    raw.release_conn()
    if method != "HEAD" and announced and announced.isdecimal() and int(announced) != size:
        raise Unreachable(f"{where}: the answer was cut short: {size} of {announced} bytes")
    return b"".join(chunks)
