"""What goes over the wire: each answer read to its end, within bounds, and seen to be one.

botocore takes what it gets: an answer cut short (it does not hold it against its Content-Length), JSON that is
none (it becomes an empty answer), an empty one.  Each would look like "there is nothing", which is what many
a gate wants to hear.  So answers are read here, before botocore sees them.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from functools import partial
from time import monotonic
from urllib.parse import urlsplit

from anyio import from_thread
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.utils import get_environ_proxies
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from agent.probe import Unreachable
from probes.extract import parse_json

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
_CBOR, _CBOR_MAP = "smithy-rpc-v2-cbor", 5  # RFC 8949 section 3.1: the major type of a map
_XML = frozenset({"ec2", "query", "rest-xml"})
_ERRORS = frozenset({"Error", "ErrorResponse", "Response"})
_ROOT = re.compile(rb"\A\s*(?:<[?!][^>]*>\s*)*<([A-Za-z][\w.:-]{0,200})")


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
        if request.method != "HEAD":
            if response.status_code < 300:
                _refuse_nonsense(content, operation, where)
            else:
                _refuse_strange_error(content, operation, response.status_code)
        answer = AWSResponse(response.url, response.status_code, response.headers, _Body(content))  # type: ignore[arg-type]
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


def _refuse_nonsense(content: bytes, operation: OperationModel, where: str) -> None:
    """See that an answer of success is one.  botocore itself refuses broken XML and CBOR."""
    shape = operation.output_shape
    if not _has_body(shape):
        return
    if not content:
        raise Unreachable(f"{where}: the answer to {operation.name} is empty")
    protocol = operation.service_model.resolved_protocol
    if protocol in _XML:
        _refuse_other_xml(content, operation.name, where, named=protocol != "rest-xml")
    elif protocol in ("json", "rest-json") and not _is_payload(shape):
        _refuse_broken_json(content, operation.name, where)
    elif protocol == _CBOR and content[0] >> 5 != _CBOR_MAP:
        raise Unreachable(f"{where}: the answer to {operation.name} is no object in CBOR")


def _refuse_strange_error(content: bytes, operation: OperationModel, status: int) -> None:
    """See that an error in XML is one of AWS; in JSON, botocore takes the status where there is no error."""
    if operation.service_model.resolved_protocol in _XML and _root(content) not in _ERRORS:
        name = f"{operation.service_model.service_name}:{operation.name}"
        raise Unreachable(f"{name} is answered with status {status} and no error of AWS")


def _root(content: bytes) -> str:
    """Give the name of the outermost element; empty when there is none."""
    found = _ROOT.match(content)
    return found[1].decode() if found else ""


def _refuse_other_xml(content: bytes, operation: str, where: str, *, named: bool) -> None:
    """See that it is no web page; where the protocol names the outermost element, that it is this one."""
    root = _root(content)
    if root.lower() == "html" or (named and root and root != f"{operation}Response"):
        raise Unreachable(f"{where}: the answer to {operation} is <{root}>, which is none of AWS")


def _refuse_broken_json(content: bytes, operation: str, where: str) -> None:
    try:
        document = parse_json(content)
    except ValueError as error:
        raise Unreachable(f"{where}: the answer to {operation} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Unreachable(f"{where}: the answer to {operation} is JSON, but no object")


def _has_body(shape: Shape | None) -> bool:
    members = getattr(shape, "members", {})
    return any("location" not in member.serialization for member in members.values())


def _is_payload(shape: Shape | None) -> bool:
    """Tell whether the body is a member by itself, and no JSON."""
    payload = shape.serialization.get("payload") if shape is not None else None
    return bool(payload) and getattr(shape, "members", {})[payload].type_name in ("blob", "string")
