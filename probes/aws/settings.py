"""The settings that all kinds of AWS have: whose eyes, and where they look."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from msgspec import Meta

from agent.probe import Need, Probe, checked
from probes.aws import iam, models
from probes.aws.account import Account
from probes.aws.service import Service

__all__ = ["AwsSettings"]

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def _parse_address(text: str) -> None:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError("expected a URL such as https://vpce-0123.sqs.eu-west-1.vpce.amazonaws.com")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("a URL of AWS has no user, query or fragment")


def _parse_role(text: str) -> None:
    if not _ROLE.fullmatch(text):
        raise ValueError(f"{text!r} is no ARN of a role, expected arn:aws:iam::123456789012:role/NAME")


def _parse_session_name(text: str) -> None:
    if not _SESSION_NAME.fullmatch(text):
        raise ValueError("expected 2 to 64 letters, digits and any of +=,.@-")


_Address = Annotated[str, checked(_parse_address)]


class AwsSettings(Probe, frozen=True, kw_only=True):
    """Credentials come from where all of AWS's tools have them: variables, files, SSO, the machine's role."""

    witness: ClassVar[bool] = True

    region: Annotated[str, Meta(min_length=1)] | None = None
    """Region to ask (`eu-west-1`). By default it is that of the ARN or URL which is asked about, else that of the
    profile, AWS_REGION or AWS_DEFAULT_REGION. Services that have no regions need none."""

    profile: Annotated[str, Meta(min_length=1)] | None = None
    """Profile of AWS's configuration files; default: AWS_PROFILE, else `default`."""

    role_arn: Annotated[str, checked(_parse_role)] | None = None
    """Role to assume with these credentials; whoever has them needs `sts:AssumeRole`."""

    external_id: Annotated[str, Meta(min_length=1)] | None = None
    """What the role's owner demands to be told (`sts:ExternalId`)."""

    session_name: Annotated[str, checked(_parse_session_name)] = "gonogo"
    """What the assumed role's sessions are called in CloudTrail."""

    endpoint_url: _Address | dict[str, _Address] | None = None
    """Address to ask instead of AWS's own, of all services, or by service: `{sqs: https://vpce-…}`."""

    def __post_init__(self) -> None:
        """Refuse settings that do not go together."""
        if self.external_id and not self.role_arn:
            raise ValueError("external_id is told when a role is assumed: give role_arn")
        for service in self.endpoint_url if isinstance(self.endpoint_url, dict) else ():
            models.service(service)

    def reach(self, name: str, region: str = "") -> Service:
        """Give a service as these settings see it; `region` is what the thing that is asked about says."""
        endpoints = self.endpoint_url or {}
        account = Account(
            region=self.region or region,
            profile=self.profile or "",
            role_arn=self.role_arn or "",
            external_id=self.external_id or "",
            session_name=self.session_name,
            endpoints=tuple({"": endpoints}.items() if isinstance(endpoints, str) else endpoints.items()),
        )
        return Service(account, name)

    def services(self) -> tuple[Service, ...]:
        """List the services that are asked, the most important first."""
        return ()

    def needs(self) -> tuple[Need, ...]:
        """List the rights that the looks want, without that of assuming the role."""
        return ()

    def prepare(self) -> None:
        """Make the clients and find the credentials.  Raises ProbeError."""
        for service in self.services():
            service.prepare()

    def target(self) -> str:
        """Give the service that is asked, for the limit per host: AWS throttles who asks too fast."""
        first = self.services()[0]
        address = first.account.endpoint(first.name)
        return str(urlsplit(address).hostname) if address else f"{first.name}.amazonaws.com"

    def permissions(self) -> tuple[Need, ...]:
        """List the rights that a policy has to give."""
        role = (iam.need("sts:AssumeRole", self.role_arn),) if self.role_arn else ()
        return (*role, *self.needs())
