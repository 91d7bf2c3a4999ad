"""Names of things at AWS: ARNs and the URLs of queues, and what they say of the region and the account."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

__all__ = ["Arn", "arn", "partition", "queue_of", "written"]

_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d*):(?P<resource>.+)",
    re.DOTALL,
)
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_SQS_HOST = re.compile(r"(?:sqs\.(?P<region>[a-z0-9-]+)|(?P<old>[a-z0-9-]+)\.queue)\.amazonaws\.com(?:\.cn)?")


class Arn(msgspec.Struct, frozen=True):
    """The parts of an ARN; a part that is not there is empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


def written(service: str, region: str, account: str, resource: str) -> str:
    """Write an ARN for a policy; what is not known is `*`."""
    return f"arn:{partition(region)}:{service}:{region or '*'}:{account or '*'}:{resource}"


def partition(region: str) -> str:
    """Give the part of AWS's world that a region is in; without one it is the public one."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def arn(text: str, service: str = "") -> Arn:
    """Read an ARN; ValueError when it is none, or one of another service."""
    found = _ARN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no ARN, expected arn:aws:{service or 'SERVICE'}:REGION:ACCOUNT:…")
    if service and found["service"] != service:
        raise ValueError(f"{text!r} is an ARN of {found['service']}, expected one of {service}")
    return Arn(**found.groupdict())


def queue_of(url: str) -> Arn:
    """Read the URL of a queue; ValueError when it is none.  Of an emulator's the region is empty."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError(f"not a URL: {error}") from None
    account, _, name = parts.path.strip("/").rpartition("/")
    if parts.scheme not in ("http", "https") or not parts.hostname or not name or parts.query or parts.username:
        raise ValueError(f"{url!r} is no URL of a queue, expected https://sqs.REGION.amazonaws.com/ACCOUNT/NAME")
    host = _SQS_HOST.fullmatch(parts.hostname)
    region = (host["region"] or host["old"]) if host else ""
    return Arn("aws", "sqs", region, account.rpartition("/")[2], name)
