"""What a server tells of itself: the text of INFO, and the metrics in it.

https://redis.io/docs/latest/commands/info/ says what each line means.  A line that is not there, because the
server is of another version, another make or a sentinel, leaves its metric absent.
"""

from __future__ import annotations

from agent.probe import Value

__all__ = ["Info"]

_ROLES = {"master": "master", "slave": "replica", "replica": "replica", "sentinel": "sentinel"}


class Info:
    """The lines of INFO, by name."""

    def __init__(self, text: bytes) -> None:
        lines = (line.partition(":") for line in text.decode(errors="replace").splitlines())
        self._lines = {name: value for name, colon, value in lines if colon and not name.startswith("#")}

    def text(self, name: str) -> str | None:
        """Give a line as it stands."""
        return self._lines.get(name)

    def number(self, name: str) -> int | None:
        """Give a line that is a whole number; what is none is absent."""
        return _whole(self._lines.get(name))

    def flag(self, name: str) -> bool | None:
        """Give a line that is 0 or 1."""
        number = self.number(name)
        return None if number is None else number != 0

    def fine(self, *names: str) -> bool | None:
        """Tell whether all of these lines that are there say `ok`."""
        said = [value for name in names if (value := self._lines.get(name)) is not None]
        return all(value == "ok" for value in said) if said else None

    def rows(self, prefix: str) -> list[dict[str, str]]:
        """Give lines such as `slave0:ip=…,port=…`, each as a mapping."""
        found = []
        for name, value in self._lines.items():
            if name.startswith(prefix) and name[len(prefix) :].isdecimal():
                pairs = (pair.partition("=") for pair in value.split(","))
                found.append({key: what for key, _, what in pairs})
        return found

    def server(self) -> dict[str, Value]:
        """Give what the server is."""
        version = self.text("valkey_version") or self.text("redis_version")
        return {
            "server": self.text("server_name") or ("redis" if version else None),
            "version": version,
            "version_number": _version_number(version),
            "mode": self.text("redis_mode") or self.text("server_mode"),
            "role": _ROLES.get(self.text("role") or ("sentinel" if self.text("sentinel_masters") else "")),
            "uptime_seconds": self.number("uptime_in_seconds"),
            "loading": self.flag("loading"),
            "keys": sum(_whole(row.get("keys")) or 0 for row in self.rows("db")) if self.text("role") else None,
        }

    def memory(self) -> dict[str, Value]:
        """Give how full it is."""
        used, most = self.number("used_memory"), self.number("maxmemory")
        return {
            "memory_used_bytes": used,
            "maxmemory_bytes": most,
            "memory_ratio": _share(used, most),
            "maxmemory_policy": self.text("maxmemory_policy"),
            "evicted_keys": self.number("evicted_keys"),
        }

    def clients(self, most: int | None) -> dict[str, Value]:
        """Give how many clients there are, of how many that there can be."""
        now = self.number("connected_clients")
        return {
            "clients": now,
            "clients_allowed": most,
            "clients_ratio": _share(now, most),
            "clients_rejected": self.number("rejected_connections"),
        }

    def persistence(self, now: float | None) -> dict[str, Value]:
        """Give when data was last saved, and how that went; `now` is the server's Unix time."""
        saved, logs = self.number("rdb_last_save_time"), self.flag("aof_enabled")
        return {
            "rdb_ok": self.fine("rdb_last_bgsave_status"),
            "rdb_age_seconds": None if saved is None or now is None else max(0.0, now - saved),
            "rdb_changes": self.number("rdb_changes_since_last_save"),
            "aof_enabled": logs,
            "aof_ok": self.fine("aof_last_write_status", "aof_last_bgrewrite_status") if logs else None,
        }

    def replication(self) -> dict[str, Value]:
        """Give how master and replicas hang together."""
        if self.text("role") == "slave":
            return {"replicas": self.number("connected_slaves"), **self._as_replica()}
        rows, written = self.rows("slave"), self.number("master_repl_offset")
        lags = [_whole(row.get("lag")) for row in rows]
        behind = [_behind(written, row) for row in rows]
        return {
            "replicas": self.number("connected_slaves"),
            "replica_states": sorted(row.get("state", "") for row in rows) if self.text("role") else None,
            "replication_lag_seconds": _worst(lags),
            "replication_lag_bytes": _worst(behind),
        }

    def _as_replica(self) -> dict[str, Value]:
        up = self.text("master_link_status")
        lag = self.number("master_last_io_seconds_ago" if up == "up" else "master_link_down_since_seconds")
        return {
            "replica_states": sorted(row.get("state", "") for row in self.rows("slave")),
            "replication_link_up": None if up is None else up == "up",
            "replication_lag_seconds": None if lag is None or lag < 0 else lag,
        }


def _whole(text: str | None) -> int | None:
    bare = (text or "").removeprefix("-")
    return int(text or "") if bare.isascii() and bare.isdecimal() and len(bare) < 20 else None


def _share(used: int | None, most: int | None) -> float | None:
    return used / most if used is not None and most else None


def _version_number(version: str | None) -> int | None:
    parts = [_whole(part) for part in (version or "").split(".")[:3]]
    known = [part for part in parts if part is not None]
    if len(known) < 2 or len(known) < len(parts):
        return None
    major, minor, patch = (*known, 0)[:3]
    return major * 10000 + minor * 100 + patch


def _behind(written: int | None, row: dict[str, str]) -> int | None:
    offset = _whole(row.get("offset"))
    return None if written is None or offset is None else max(0, written - offset)


def _worst(figures: list[int | None]) -> int | None:
    """Give the largest; absent where there is none, or one of them is not known."""
    known = [figure for figure in figures if figure is not None]
    return max(known) if known and len(known) == len(figures) else None
