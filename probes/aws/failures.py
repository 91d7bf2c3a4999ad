"""What went wrong, in an operator's words: the witness is silent, it knows no such thing, or we may not look."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from typing import TypeAlias

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError

from agent.probe import ProbeError, Unreachable
from probes.aws import iam, models

__all__ = ["BROKEN", "NO_CREDENTIALS", "NotThere", "explained", "unprepared"]

NO_CREDENTIALS = (
    "there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role"
)

BROKEN = (
    ResponseParserError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,  # CBOR that announces exabytes
    RecursionError,
    TypeError,
    ValueError,
)
"""What botocore's parsers raise on an answer of the wrong shape: their own error, and whatever happens to them."""

_Answer: TypeAlias = "NotThere | ProbeError | Unreachable"


class NotThere(Exception):
    """AWS answered that what was asked about is not there; `code` is its word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_NOT_THERE = re.compile(r"NoSuch|NotFound|DoesNotExist|NonExist|NotExist", re.IGNORECASE)

_EXPIRED = re.compile(r"Expired|TokenRefreshRequired", re.IGNORECASE)

_CLOCK = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture", "RequestExpired"})

_REFUSED = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthenticated",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""The credentials are no good.  What AWS says with it is not told on: it can hold the token that it was shown."""

_DENIED = re.compile(r"AccessDenied|Unauthorized|NotAuthori[sz]|AuthorizationError|Forbidden|OptIn", re.IGNORECASE)

_THROTTLED = re.compile(
    r"Throttl|RequestLimitExceeded|TooManyRequests|ProvisionedThroughputExceeded|SlowDown|BandwidthLimitExceeded|"
    r"PriorRequestNotComplete|LimitExceededException",
    re.IGNORECASE,
)

_NO_ACCESS = (
    boto.ConfigNotFound,
    boto.ConfigParseError,
    boto.InvalidConfigError,
    boto.MetadataRetrievalError,
    boto.PartialCredentialsError,
    boto.ProfileNotFound,
    boto.RefreshWithMFAUnsupportedError,
    boto.SSOError,
    boto.UnknownCredentialError,
)
_ENCODED = re.compile(r"\s*Encoded authorization failure message:.*", re.DOTALL)
_LONGEST = 300


def unprepared(error: Exception) -> ProbeError:
    """Say why there is no client."""
    if isinstance(error, boto.NoRegionError):
        return ProbeError("there is no AWS region: give `region`, or set AWS_REGION")
    if isinstance(error, boto.CredentialRetrievalError):
        return ProbeError(f"AWS credentials cannot be had from {error.kwargs.get('provider')}")
    return ProbeError(f"AWS cannot be asked: {_short(str(error))}")


def explained(error: Exception, operation: OperationModel) -> _Answer:
    """Say what an error of botocore means for whoever asked."""
    name = f"{operation.service_model.service_name}:{operation.name}"
    if isinstance(error, ClientError):
        asked = _asked(error, operation)
        return _refusal(error, asked, ours=asked is operation)
    if isinstance(error, boto.NoCredentialsError):
        return ProbeError(NO_CREDENTIALS)
    if isinstance(error, (*_NO_ACCESS, boto.CredentialRetrievalError, boto.NoRegionError)):
        return unprepared(error)
    if isinstance(error, boto.ResponseStreamingError | boto.HTTPClientError | boto.ConnectionError):
        return _silence(error)
    if isinstance(error, boto.ParamValidationError):
        return ProbeError(f"{name}: {_short(str(error))}")
    if isinstance(error, boto.PaginationError):
        return Unreachable(f"{name}: the pages go in a circle")
    if isinstance(error, BotoCoreError) and type(error).__module__ == boto.__name__:
        return ProbeError(f"{name}: {_short(str(error))}")
    return Unreachable(f"the answer to {name} cannot be read: {_first_line(str(error)) or type(error).__name__}")


def _asked(error: ClientError, operation: OperationModel) -> OperationModel:
    """Tell which operation was refused: before ours, credentials may have had to be asked for."""
    if error.operation_name == operation.name:
        return operation
    try:
        return models.operation("sts", error.operation_name)
    except ValueError:
        return operation


def _refusal(error: ClientError, operation: OperationModel, *, ours: bool) -> _Answer:
    told = error.response.get("Error", {})
    code, message = str(told.get("Code", "")), _short(str(told.get("Message", "")))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    service = operation.service_model.service_name
    if _THROTTLED.search(code) or status == 429:
        return Unreachable(f"{service} asks for patience: {code}")
    if (blind := _blind(code, message, operation)) is not None:
        return blind
    if not code or code.isdecimal():
        return _bare(error, status, operation)
    if ours and (_NOT_THERE.search(code) or (code, message[-14:]) == ("ValidationError", "does not exist")):
        return NotThere(code, message)  # the latter is CloudFormation's word for a stack that is not there
    if status >= 500:
        return Unreachable(f"{service} answers {status} ({code})")
    return ProbeError(f"{service}:{operation.name} is answered with {code}: {message}")


def _blind(code: str, message: str, operation: OperationModel) -> ProbeError | None:
    """Say that it is us who may not look; None when it is not."""
    if code in _CLOCK:
        return ProbeError(f"AWS finds the request too old or too early ({code}): is the clock of this machine right?")
    if _EXPIRED.search(code):
        return ProbeError(f"the AWS credentials have expired ({code})")
    if code in _REFUSED:
        return ProbeError(f"AWS refuses the credentials ({code})")
    if _DENIED.search(code):
        return ProbeError(f"{iam.denied(message) or iam.action(operation)} is not allowed: {message or code}")
    return None


def _bare(error: ClientError, status: int, operation: OperationModel) -> _Answer:
    """Explain an answer that names no error: to HEAD there is no body, all else is not AWS that speaks."""
    name = f"{operation.service_model.service_name}:{operation.name}"
    headed = operation.http.get("method") == "HEAD" and _signed_by_aws(error)
    if headed and status == 404:
        return NotThere("404", "")
    if headed and status == 403:
        return ProbeError(f"{iam.action(operation)} is not allowed, or what is asked about is not there")
    return Unreachable(f"{name} is answered with status {status} and no error of AWS")


def _signed_by_aws(error: ClientError) -> bool:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return any(name.lower().startswith("x-amz") for name in headers)


def _silence(error: Exception) -> Unreachable:
    where = f"proxy {_proxy(error)}" if isinstance(error, boto.ProxyConnectionError) else _address(error)
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(f"{where}: its certificate is not trusted: {cause.verify_message}")
        if isinstance(cause, socket.gaierror):
            return Unreachable(f"{where}: the name cannot be resolved: {str(cause.strerror).lower()}")
        if isinstance(cause, OSError) and cause.errno and cause.strerror:
            return Unreachable(f"{where}: {cause.strerror.lower()}")
    if isinstance(error, boto.ConnectTimeoutError | boto.ReadTimeoutError):
        return Unreachable(f"{where}: no answer")
    if isinstance(error, boto.SSLError):
        return Unreachable(f"{where}: TLS fails")
    return Unreachable(f"{where}: closed the connection without a whole answer")


def _address(error: Exception) -> str:
    url = str(getattr(error, "kwargs", {}).get("endpoint_url") or "")
    return url.partition("://")[2].partition("/")[0] or "AWS"


def _proxy(error: boto.ProxyConnectionError) -> str:
    return str(error.kwargs.get("proxy_url")).rpartition("@")[2].rpartition("//")[2].strip("/")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what it came of, also where it was handed on as an argument."""
    seen: set[int] = set()
    left: list[object] = [error]
    while left:
        one = left.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            left += [one.__cause__, one.__context__, getattr(one, "kwargs", {}).get("error"), *one.args]


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:_LONGEST]


def _short(text: str) -> str:
    """Give a message on one line, without what only AWS can read."""
    line = " ".join(_ENCODED.sub("", text).split()).rstrip(".")
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
