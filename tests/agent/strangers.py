"""A package of somebody else's, installed for one test: a folder on the path with its `dist-info`."""

import sys
from pathlib import Path

from agent import registry, secrets


def forget():
    """Have the installed packages looked up again."""
    registry._entries.cache_clear()
    registry.find.cache_clear()
    secrets._stores.cache_clear()


def install(folder: Path, monkeypatch, package: str, groups: dict[str, dict[str, str]]) -> None:
    """Install entry points by group and name; the values are importable objects, `module:attribute`."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in of.items()) for group, of in groups.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    forget()


def kinds(folder: Path, monkeypatch, **values: str) -> None:
    """Install kinds of the package `acme-probes`, each `acme.NAME`."""
    entries = {f"acme.{name}": value for name, value in values.items()}
    install(folder, monkeypatch, "acme_probes", {registry.GROUP: entries})
