"""Whose eyes are used: region, credentials and endpoints, and the clients that are made of them.

One client per service and account, made in `prepare` and shared by all checks; botocore's clients may be used
by many threads, but not made by them.  What a client is made of is part of what is equal: the variables `AWS_*`
and AWS's two files.  Credentials come from botocore's own chain, and renew themselves where they can.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from time import monotonic

import msgspec
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from agent.probe import ProbeError
from probes.aws import failures, models
from probes.aws.wire import POOL, TIMEOUTS, Wire

__all__ = ["Account"]

_REMEMBERED = 30.0
"""Seconds for which nobody looks for credentials again that were not there: asking an EC2 metadata service that
does not exist costs a second or two, and two hundred checks would ask one after another."""

_CONFIG = Config(
    connect_timeout=TIMEOUTS[0],
    read_timeout=TIMEOUTS[1],
    retries={"total_max_attempts": 1, "mode": "standard"},  # the engine retries, and says so
    max_pool_connections=POOL,
    user_agent_extra="gonogo",
)


class Account(msgspec.Struct, frozen=True):
    """The settings that decide whom AWS sees, and where."""

    region: str = ""
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    session_name: str = "gonogo"
    endpoints: tuple[tuple[str, str], ...] = ()
    """Service and address; the service `` stands for all."""

    def client(self, service: str) -> BaseClient:
        """Give the client of a service, made once.  Raises ProbeError without region or credentials."""
        return _access(self, _surroundings()).client(service)

    def endpoint(self, service: str) -> str | None:
        """Give the address that is asked instead of AWS's own."""
        known = dict(self.endpoints)
        return known.get(service) or known.get("")


class _Access:
    """The session of an account, and its clients."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._clients: dict[str, BaseClient] = {}
        self._session: Session | None = None
        self._without_since = -_REMEMBERED

    def client(self, service: str) -> BaseClient:
        with self._lock:
            if service not in self._clients:
                try:
                    self._clients[service] = self._make(service)
                except (BotoCoreError, ClientError, ValueError, OSError) as error:
                    raise failures.unprepared(error) from error
            return self._clients[service]

    def _make(self, service: str) -> BaseClient:
        session = self._session = self._session or _session(self._account)
        self._find_credentials(session)
        return _client(self._account, session, service)

    def _find_credentials(self, session: Session) -> None:
        if monotonic() - self._without_since < _REMEMBERED or session.get_credentials() is None:
            self._without_since = max(self._without_since, monotonic())
            raise ProbeError(failures.NO_CREDENTIALS)


def _client(account: Account, session: Session, service: str, **credentials: str) -> BaseClient:
    endpoint = account.endpoint(service)
    client = session.create_client(
        service,
        region_name=_region(account, session),
        endpoint_url=endpoint,
        config=_CONFIG.merge(Config(s3={"addressing_style": "path"})) if endpoint else _CONFIG,
        **credentials,  # type: ignore[arg-type]  # the three parts of credentials, by name
    )
    wire = Wire(client.meta.endpoint_url, client.meta.service_model, _authorities(session))
    client.meta.events.register("before-send", wire.send)  # type: ignore[arg-type]  # what it gives is used
    return client


def _session(account: Account) -> Session:
    session = Session(profile=account.profile or None)
    session.register_component("data_loader", models.loader())
    if serial := session.get_scoped_config().get("mfa_serial"):
        raise ProbeError(f"the AWS profile wants a code of the MFA device {serial}, which nobody gives here")
    if account.role_arn:
        source = session.get_credentials()
        if source is not None:
            resolver = CredentialResolver([_Role(account, source)])
            assumed = Session(profile=account.profile or None)
            assumed.register_component("data_loader", models.loader())
            assumed.register_component("credential_provider", resolver)
            return assumed
    return session


class _Role(CredentialProvider):
    """Credentials of the role in `role_arn`, asked for when they are first needed, and renewed."""

    METHOD = "assume-role"

    def __init__(self, account: Account, source: Credentials) -> None:
        super().__init__()
        self._account = account
        self._source = source

    def load(self) -> DeferredRefreshableCredentials:
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=self._client,
            source_credentials=self._source,
            role_arn=self._account.role_arn,
            extra_args=_extra(self._account),
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    def _client(self, service: str, **credentials: str) -> BaseClient:
        session = Session(profile=self._account.profile or None)
        session.register_component("data_loader", models.loader())
        return _client(self._account, session, service, **credentials)


def _extra(account: Account) -> dict[str, str]:
    named = {"RoleSessionName": account.session_name}
    return named | ({"ExternalId": account.external_id} if account.external_id else {})


def _region(account: Account, session: Session) -> str | None:
    """Give the region; AWS_REGION is what AWS's own machines set, and botocore does not read."""
    return account.region or session.get_config_variable("region") or os.environ.get("AWS_REGION") or None


def _authorities(session: Session) -> str | bool:
    """Give whom to trust, as botocore's clients find it."""
    return session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True


@lru_cache(maxsize=64)
def _access(account: Account, _: tuple[object, ...]) -> _Access:
    return _Access(account)


def _surroundings() -> tuple[object, ...]:
    """Tell one environment from the next: a long-lived process must not keep credentials that were replaced."""
    variables = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
    files = (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
    return variables, *(_version(os.environ, *file) for file in files)


def _version(environment: Mapping[str, str], variable: str, name: str) -> tuple[str, int, int]:
    path = os.path.expanduser(environment.get(variable) or f"~/.aws/{name}")  # noqa: PTH111  Path raises without a home
    try:
        stat = Path(path).stat()
    except OSError:
        return path, 0, 0
    return path, stat.st_mtime_ns, stat.st_size
