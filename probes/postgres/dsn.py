"""Where a database is: the connection string, read by libpq's own rules and safe to talk about.

What libpq says of a connection string that it cannot read quotes it, password and all, so nothing of that is
ever shown.  A password with a character that is not percent-encoded moves parts of itself into the host, the
port or the name of the database; what looks like that is refused, unquoted too.

Of the environment only who we are is taken (PGUSER, PGPASSWORD, PGPASSFILE), never where to look: a variable
such as PGHOSTADDR would have another database than the profile's looked at.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

from agent.probe import ProbeError, Unreachable
from probes.http.resolve import numeric, resolve

__all__ = ["Dsn", "parse_dsn"]

_PORT = "5432"
_URLS = ("postgresql://", "postgres://")
_FORM = "expected postgresql://user:password@host:port/database or host=… dbname=… user=… password=…"
_ENCODE = "is a character of the password missing its percent-encoding (@ is %40, / is %2F, % is %25)?"
_OURS = {"application_name": "gonogo"}
_WHERE = frozenset(
    [
        *("host", "hostaddr", "port", "dbname", "options", "target_session_attrs", "load_balance_hosts"),
        *("sslmode", "sslnegotiation", "sslrootcert", "sslcrl", "sslcrldir", "sslcert", "sslkey", "sslsni"),
        *("channel_binding", "gssencmode", "krbsrvname", "requirepeer"),
    ]
)
"""Parameters that say where to look and what to accept there."""


class Dsn(msgspec.Struct, frozen=True):
    """A connection string, taken apart; `params` hold the password."""

    params: dict[str, str]
    hosts: tuple[str, ...]
    ports: tuple[str, ...]

    @property
    def host(self) -> str:
        """The first host, which is whom the load is on; empty for a socket."""
        return "" if is_socket(self.hosts[0]) else self.hosts[0]

    @property
    def database(self) -> str:
        """The database; by default it is called as the role is."""
        return self.params.get("dbname") or self.params.get("user", "")

    def __str__(self) -> str:
        """Name the place as an operator does, without role and password."""
        return ", ".join(label(host, port) for host, port in zip(self.hosts, self.ports, strict=True))

    async def located(self) -> str:
        """Give the string that libpq connects by, with each host's address, so that it looks none up.

        Of a host with several addresses the one that this machine prefers is taken: what is half up must not
        look up.  Several hosts are tried in their order, as by every client of PostgreSQL, without those that
        have no address.  Raises Unreachable and ProbeError when none has.
        """
        places = {} if "hostaddr" in self.params else await self._places()
        return make_conninfo(**(_neutral() | _OURS | self.params | places | {"client_encoding": "utf8"}))

    async def _places(self) -> dict[str, str]:
        found: list[tuple[str, str, str]] = []
        trouble: list[Unreachable | ProbeError] = []
        for host, port in zip(self.hosts, self.ports, strict=True):
            try:
                found.append((host, await _address(host, int(port)), port))
            except (Unreachable, ProbeError) as error:
                trouble.append(error)
        if not found:
            raise trouble[0]
        return dict(zip(("host", "hostaddr", "port"), map(",".join, zip(*found, strict=True)), strict=True))


def parse_dsn(text: str) -> Dsn:
    """Take a connection string apart.  Raises ValueError, which quotes nothing of it."""
    try:
        read = conninfo_to_dict(text)
    except (ProgrammingError, UnicodeEncodeError):
        raise ValueError(f"no connection string of PostgreSQL, {_FORM}") from None
    params = {name: str(value) for name, value in read.items()}
    if "\0" in text:
        raise ValueError("holds a NUL character")
    if "service" in params:
        raise ValueError("names a service, expected the host itself")
    named = params.get("host") or params.get("hostaddr")
    if not named:
        raise ValueError(f"names no host, {_FORM}; the host of a Unix socket is its directory")
    hosts = tuple(named.split(","))
    dsn = Dsn(params, hosts, _ports(params.get("port", ""), len(hosts)))
    _refuse_spilt(dsn, url=text.startswith(_URLS))
    return dsn


def _ports(text: str, count: int) -> tuple[str, ...]:
    """Give each host its port; one port is for all."""
    ports = [port or _PORT for port in text.split(",")]
    if not all(port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536 for port in ports):
        raise ValueError(f"has a port that is none, expected 1 to 65535; {_ENCODE}")
    if len(ports) not in (1, count):
        raise ValueError(f"has {count} hosts and {len(ports)} ports, expected one port, or one for each host")
    return tuple(ports * count if len(ports) == 1 else ports)


def _refuse_spilt(dsn: Dsn, *, url: bool) -> None:
    """Refuse what holds a part of a password in the wrong place."""
    if any("@" in host for host in dsn.hosts) or (url and "@" in dsn.params.get("dbname", "")):
        raise ValueError(f"has more than one @; {_ENCODE}")
    if not all(dsn.hosts):
        raise ValueError("has an empty host")


def is_socket(host: str) -> bool:
    """Tell the directory of a Unix socket (or an abstract one) from a host, as libpq does."""
    return host.startswith(("/", "@"))


def label(host: str, port: str) -> str:
    """Name a place: `host:port`, IPv6 in brackets, or the file of a socket."""
    if is_socket(host):
        return f"{host}/.s.PGSQL.{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _address(host: str, port: int) -> str:
    if is_socket(host):
        return ""
    found = numeric(host, port) or (await resolve(host, port)).addresses[0]
    return str(found)


@lru_cache(maxsize=1)
def _neutral() -> dict[str, str]:
    """Give what libpq would else take from the environment, as it is built."""
    options = {option.keyword.decode(): option.compiled or b"" for option in Conninfo.get_defaults() if option.envvar}
    return {name: built.decode() for name, built in options.items() if name in _WHERE}
