"""A draft from the configuration of Prometheus: metrics pages that can be read, and what blackbox asks."""

from __future__ import annotations

from collections.abc import Iterator

from agent.drafts import request
from agent.drafts.draft import Check, Data, Draft, Group, Template, join
from agent.drafts.prometheus.jobs import Job, Targets
from agent.drafts.written import Written, items_of, text_of
from agent.problem import Problem, ProfileError

_SAMPLE = r"(?m)^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{.*\})? [0-9.eE+-]+"
"""One line of the text format that holds a number."""
_ITEM = Template("$(item)")
_OTHER = {
    "rule_files": "rules and the alerts that fire cannot be checked yet (prometheus.rules, prometheus.alerts)",
    "remote_write": "whether samples arrive at the other end cannot be seen from here",
    "remote_read": "whether the other end answers queries cannot be seen from here",
    "scrape_config_files": "other files are not read: draft from each",
    "storage": "holds nothing that could be asked",
    "tracing": "whether traces arrive cannot be seen from here",
}


def draft(_: str, documents: list[Written]) -> Draft:
    """Draft from the one document of a configuration.  Raises ProfileError when it is none."""
    (root,) = documents
    known = ("scrape_configs", "alerting", "global", *_OTHER)
    if not any(map(root.get, known)):
        raise ProfileError([Problem("has no scrape_configs, expected the configuration of Prometheus", root.mark)])
    timeout = text_of(root.at("global", "scrape_timeout"), "scrape_timeout")
    left: list[str] = []
    groups = []
    for written in items_of(root.get("scrape_configs"), "scrape_configs"):
        job = Job(written)
        groups.append(Group(name=job.name, checks=tuple(map(request.with_notes, _checks(job, timeout, left)))))
    groups.append(Group(name="Alertmanager", checks=tuple(_alertmanagers(root, left))))
    left += [f"{key}: {why}" for key, why in _OTHER.items() if root.get(key) is not None]
    return Draft(groups=tuple(groups), left=tuple(left))


def _checks(job: Job, timeout: str, left: list[str]) -> Iterator[Check]:
    left += [f"job {job.name}: targets of {key} are found while Prometheus runs" for key in job.discoveries()]
    left += [f"job {job.name}: {key} is left out" for key in job.unknown()]
    keys = job.timeout(timeout)
    for targets in job.targets():
        if job.probes:
            yield from _probed(job, targets, keys, left)
        elif targets.addresses:
            yield _metrics(job, targets, keys)


def _metrics(job: Job, targets: Targets, keys: dict[str, Data]) -> Check:
    addresses = targets.addresses
    one = addresses[0] if len(addresses) == 1 else _ITEM
    settings: dict[str, Data] = {"url": join(f"{targets.scheme}://", one, targets.path)}
    query: dict[str, Data] = {"query": job.query} if job.query else {}
    notes = [f"relabelling sets {label}: see that this is the address" for label in job.rewritten]
    each: dict[str, Data] = {"each": list(addresses)} if len(addresses) > 1 else {}
    return Check(
        name=f"{job.name} gives its metrics at {targets.path}",
        kind="http",
        settings={**settings, **query, **job.settings(), "regex": {"sample": _SAMPLE}},
        keys={**each, "expect": {"sample": {"exists": True}}, **keys},
        notes=tuple(notes),
    )


def _probed(job: Job, targets: Targets, keys: dict[str, Data], left: list[str]) -> Iterator[Check]:
    for target in targets.addresses:
        found = _asked(job.probes, target)
        if found is None:
            left.append(f"job {job.name}: {target} is asked by the module {job.probes}, which is unknown here")
        else:
            kind, settings = found
            notes = (f"as the module {job.probes} of the blackbox exporter, which may look at more",)
            yield Check(name=f"{target} ({job.probes})", kind=kind, settings=settings, keys=keys, notes=notes)


def _asked(module: str, target: str) -> tuple[str, dict[str, Data]] | None:
    """Guess from its name what a module does."""
    if "://" in target and "post" not in module.lower():
        return "http", request.settings(target)
    if module.lower().startswith(("http", "https")) and "post" not in module.lower():
        return "http", request.settings(f"http://{target}")
    if module.lower().startswith(("tcp", "ssh", "tls", "pop3", "irc", "smtp")) and ":" in target:
        return "tcp", {"address": target}
    return None


def _alertmanagers(root: Written, left: list[str]) -> Iterator[Check]:
    for written in items_of(root.at("alerting", "alertmanagers"), "alertmanagers"):
        job = Job(written)
        left += [f"alertmanagers: {key} is left out" for key in job.unknown()]
        left += [f"alertmanagers: those of {key} are found while Prometheus runs" for key in job.discoveries()]
        prefix = text_of(written.get("path_prefix"), "path_prefix").rstrip("/")
        for targets in job.targets():
            for address in targets.addresses:
                url = f"{targets.scheme}://{address}{prefix}/-/ready"
                settings = {**request.settings(url), **job.settings()}
                yield request.with_notes(Check(name=f"{address} is ready", kind="http", settings=settings))
