"""Resources of goss that a kind of gonogo can look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from agent.drafts import request
from agent.drafts.draft import Check, Data
from agent.drafts.goss.matchers import Unmapped, as_mapping, limit, lines, of_text
from agent.drafts.goss.pages import http
from agent.drafts.goss.resource import Resource, expected
from agent.drafts.written import Written

_TYPED = re.compile(r"(A|AAAA|CAA|CNAME|MX|NS|PTR|SRV|TXT):(.+)")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  nothing is bound here


def command(one: Resource) -> Iterator[Check]:
    """Draft a command; goss has the shell read it."""
    said = one.text("exec", one.key)
    expect = {
        **one.limits(exit_code="exit-status"),
        **one.limit("stdout", "stdout", of_text),
        **one.limit("stderr", "stderr", of_text),
    }
    settings: dict[str, Data] = {"command": said, "shell": True}
    keys = {**expected(expect), **one.timeout()}
    yield Check(name=one.name(said), kind="exec", settings=settings, keys=keys, notes=request.warned(said))


def port(one: Resource) -> Iterator[Check]:
    """Draft a knock at a port of this machine."""
    protocol, _, number = one.text("port", one.key).rpartition(":")
    if protocol not in ("", "tcp", "tcp6"):
        raise Unmapped(f"{protocol}, and gonogo knocks at TCP ports")
    addresses = [each.text("ip") for each in _listed(one.get("ip"))]
    host = next((each for each in addresses if each not in _EVERYWHERE), "::1" if protocol == "tcp6" else "127.0.0.1")
    at = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
    if len(addresses) > 1:
        one.lose("ip")
    listening = one.limits(open="listening")
    name = f"Port {number} {'is closed' if listening.get('open') == 'false' else 'is open'}"
    yield Check(name=one.name(name), kind="tcp", settings={"address": at}, keys=expected(listening))


def _listed(written: Written | None) -> list[Written]:
    return written.value if written is not None and isinstance(written.value, list) else []


def addr(one: Resource) -> Iterator[Check]:
    """Draft a knock at a port of another machine."""
    protocol, _, at = one.text("address", one.key).rpartition("://")
    if protocol not in ("", "tcp", "tcp4", "tcp6"):
        raise Unmapped(f"{protocol}, and gonogo knocks at TCP ports")
    reachable = one.limits(open="reachable")
    name = f"{at} is {'closed' if reachable.get('open') == 'false' else 'open'}"
    yield Check(
        name=one.name(name), kind="tcp", settings={"address": at}, keys={**expected(reachable), **one.timeout()}
    )


def dns(one: Resource) -> Iterator[Check]:
    """Draft a question to a name server."""
    wanted = one.text("resolve", one.key)
    match = _TYPED.fullmatch(wanted)
    name = match[2] if match else wanted
    settings: dict[str, Data] = {"name": name}
    if server := one.text("server"):
        settings["resolver"] = server
    keys = one.timeout()
    if one.text("resolvable", "true") == "false":
        missing: dict[str, Data] = {"rcode": ["NXDOMAIN", "NODATA"], "agree": True}
        kind = {"type": match[1]} if match else {}
        yield Check(
            name=one.name(f"{name} is not in DNS"),
            kind="dns",
            settings={**settings, **kind},
            keys={"expect": missing, **keys},
        )
        return
    for form, expect in _records(one, match[1] if match else "").items():
        kind = {} if form == "A" else {"type": form}
        said = f"{name} is in DNS" if form == "A" else f"{name} is in DNS ({form})"
        yield Check(name=one.name(said), kind="dns", settings={**settings, **kind}, keys={**expected(expect), **keys})


def _records(one: Resource, form: str) -> dict[str, dict[str, Data]]:
    """Give the types that are asked for, each with its limits; addresses are of two types."""
    addresses = [each.value for each in _listed(one.get("addrs")) if isinstance(each.value, str)]
    if form or not addresses or len(addresses) < len(_listed(one.get("addrs"))):
        return {form or "A": one.limit("answers", "addrs", _answers)}
    of_kind = {
        "A": [each for each in addresses if ":" not in each],
        "AAAA": [each for each in addresses if ":" in each],
    }
    return {kind: {"answers": {"contains": found}} for kind, found in of_kind.items() if found}


def _answers(written: Written) -> Data:
    """Give the records without the dot at the end of names."""
    made = as_mapping(limit(written))
    return {
        key: [_undotted(each) for each in value] if isinstance(value, list) else value for key, value in made.items()
    }


def _undotted(record: Data) -> Data:
    return record.removesuffix(".") if isinstance(record, str) else record


def file(one: Resource) -> Iterator[Check]:
    """Draft a look at a file."""
    path = one.text("path", one.key)
    settings: dict[str, Data] = {"path": path}
    if one.text("exists", "true") == "false":
        absent: dict[str, Data] = {"exists": False, "size_bytes": {"exists": False}}
        yield Check(name=one.name(f"{path} is not there"), kind="file", settings=settings, keys={"expect": absent})
        return
    expect = {**one.limits(owner="owner", group="group"), **one.limit("mode", "mode", _mode), **_form(one)}
    if one.get("sha256") is not None:
        settings["digest"] = True
        expect |= one.limits(sha256="sha256")
    contents = one.get("contents") or one.get("contains")
    found = lines(contents) if contents is not None else []
    if found is None:
        one.lose("contents")
    elif found:
        settings["regex"] = {f"line_{number}": f"(?m)({line.expression})" for number, line in enumerate(found, 1)}
        expect |= {f"line_{number}": {"exists": line.wanted} for number, line in enumerate(found, 1)}
    vague = one.text("filetype") in ("", "symlink")
    notes = ("if it is, or leads to, a directory: size_bytes: {exists: false}",) if vague else ()
    yield Check(name=one.name(f"{path} is there"), kind="file", settings=settings, keys=expected(expect), notes=notes)


def _form(one: Resource) -> dict[str, Data]:
    """Give the limits of type and size: a directory has no size, and goss lets a file be empty."""
    form, size = one.text("filetype"), one.limits(size_bytes="size")
    link = one.limits(link="linked-to")
    if form in ("directory", "socket"):
        return {"type": form, "size_bytes": {"exists": False}, **link}
    said: dict[str, Data] = {"link": {"exists": True}} if form == "symlink" else {"type": form} if form else {}
    return {**said, **(size or {"size_bytes": {"min": 0}}), **link}


def _mode(written: Written) -> Data:
    try:
        return f"{int(written.text('mode'), 8):04o}"
    except ValueError:
        raise Unmapped("no octal number") from None


KINDS: dict[str, Callable[[Resource], Iterator[Check]]] = {
    "http": http,
    "addr": addr,
    "port": port,
    "dns": dns,
    "command": command,
    "file": file,
}
