"""Whether an answer is one of AWS at all, and not that of a proxy, a log-in page or another server.

botocore takes what it gets: JSON that is none becomes an empty answer, and so does XML of another kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from botocore.model import OperationModel, Shape

from agent.probe import Unreachable
from probes.extract import parse_json

__all__ = ["refuse_strangers"]

_CBOR, _CBOR_MAP = "smithy-rpc-v2-cbor", 5  # RFC 8949 section 3.1: the major type of a map
_XML = frozenset({"ec2", "query", "rest-xml"})
_ERRORS = frozenset({"Error", "ErrorResponse", "Response"})
_ROOT = re.compile(rb"\A\s*(?:<[?!][^>]*>\s*)*<([A-Za-z][\w.:-]{0,200})")


def refuse_strangers(content: bytes, status: int, headers: Mapping[str, str], operation: OperationModel) -> None:
    """Raise Unreachable for what no service of AWS answers to this operation.

    Of errors in JSON botocore tells the status where they name none, which `failures` understands.
    """
    if operation.http.get("method") == "HEAD" and status >= 300:
        return
    if status < 300:
        reason = _nonsense(content, _signed(headers), operation)
    else:
        reason = _strange_error(content, status, operation)
    if reason:
        raise Unreachable(f"{operation.service_model.service_name}:{operation.name} is answered {reason}")


def _signed(headers: Mapping[str, str]) -> bool:
    """Tell whether it bears what all of AWS's services put on their answers: the id of the request, at least."""
    return any(name.lower().startswith("x-amz") for name in headers)


def _nonsense(content: bytes, signed: bool, operation: OperationModel) -> str:
    """Say what is wrong with an answer of success; empty when nothing is."""
    protocol = operation.service_model.resolved_protocol
    if operation.http.get("method") == "HEAD" or not _has_body(operation.output_shape):
        return "" if signed else _UNSIGNED
    if not content:
        return "with nothing"
    if protocol in _XML:
        return _other_xml(_root(content), operation) or ("" if signed or protocol != "rest-xml" else _UNSIGNED)
    if protocol == _CBOR:
        return "with CBOR that is no object" if content[0] >> 5 != _CBOR_MAP else "" if signed else _UNSIGNED
    if _is_payload(operation.output_shape):
        return "" if signed else _UNSIGNED
    return _broken_json(content, operation.output_shape, signed=signed)


_UNSIGNED = "without any sign that it was AWS"


def _strange_error(content: bytes, status: int, operation: OperationModel) -> str:
    if operation.service_model.resolved_protocol in _XML and _root(content) not in _ERRORS:
        return f"with status {status} and no error of AWS"
    return ""


def _root(content: bytes) -> str:
    """Give the name of the outermost element; empty when there is none."""
    found = _ROOT.match(content)
    return found[1].decode() if found else ""


def _other_xml(root: str, operation: OperationModel) -> str:
    """See that it is no web page; where the protocol names the outermost element, that it is this one."""
    named = operation.service_model.resolved_protocol != "rest-xml"
    return (
        f"with <{root}>" if root.lower() == "html" or (named and root not in ("", f"{operation.name}Response")) else ""
    )


def _broken_json(content: bytes, shape: Shape | None, *, signed: bool) -> str:
    try:
        document = parse_json(content)
    except ValueError as error:
        return f"with what is not JSON: {error}"
    if not isinstance(document, dict):
        return "with JSON that is no object"
    return "" if signed or _names(shape) & document.keys() else _UNSIGNED


def _names(shape: Shape | None) -> set[str]:
    """Give what the members of an answer are called on the wire."""
    return {str(member.serialization.get("name", name)) for name, member in getattr(shape, "members", {}).items()}


def _has_body(shape: Shape | None) -> bool:
    members = getattr(shape, "members", {})
    return any("location" not in member.serialization for member in members.values())


def _is_payload(shape: Shape | None) -> bool:
    """Tell whether the body is a member by itself, and no JSON."""
    payload = shape.serialization.get("payload") if shape is not None else None
    return bool(payload) and getattr(shape, "members", {})[payload].type_name in ("blob", "string")
