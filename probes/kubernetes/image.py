"""Names of images: what was asked for against what a container really has.

A reference is `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`; without a registry it is Docker Hub's, without tag and
digest `latest`.  A container's status tells its image in two ways, and each may mislead: `image` may show
another tag of the same content or a bare id, `imageID` the digest of one platform's manifest instead of the
index that was asked for.  So what the pod was told to run counts as well, where nothing contradicts it.
"""

from __future__ import annotations

import re

import msgspec

from probes.kubernetes.wire import Container, ContainerStatus

__all__ = ["Image", "check", "digest", "parse", "runs", "same", "shown"]

_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_PART = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"(?:(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?/)?{_PART}(?:/{_PART})*")
"""Registry, with its port, and path (github.com/distribution/reference)."""
_HUB = "docker.io"
_SCHEMES = ("docker-pullable://", "docker://", "containerd://", "cri-o://")


class Image(msgspec.Struct, frozen=True):
    """A reference, in parts."""

    repository: str = ""
    """With its registry; empty when only a digest is known."""
    tag: str = ""
    digest: str = ""


def parse(text: str) -> Image:
    """Read a reference; never fails: what is none is a repository that equals no other."""
    for scheme in _SCHEMES:
        text = text.removeprefix(scheme)
    if _DIGEST.fullmatch(text):
        return Image(digest=text.lower())
    name, _, found = text.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    return Image(_whole(head) if head else "", tag or ("" if found else "latest"), found.lower())


def _whole(repository: str) -> str:
    first, slash, rest = repository.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return f"{_HUB}/{rest}" if first == f"index.{_HUB}" else repository
    return f"{_HUB}/{repository}" if slash else f"{_HUB}/library/{repository}"


def check(text: str) -> None:
    """Refuse what is no reference with ValueError."""
    found = parse(text)
    if found.digest and not _DIGEST.fullmatch(found.digest):
        raise ValueError(f"{text!r} is no image: its digest is not sha256: and 64 hexadecimal digits")
    if text.endswith(":") or (found.tag and not _TAG.fullmatch(found.tag)):
        raise ValueError(f"{text!r} is no image: its tag is empty or has a character that no tag has")
    if not (found.digest if not found.repository else _REPOSITORY.fullmatch(found.repository)):
        raise ValueError(f"{text!r} is no image such as registry.example.com/shop:1.4.2")


def digest(status: ContainerStatus) -> str:
    """Tell the digest of what a container has; empty before it has anything."""
    return parse(status.image_id).digest if status.image_id else ""


def shown(spec: Container, status: ContainerStatus) -> str:
    """Name what a container has as its pod does, unless it has something else."""
    real = parse(status.image)
    return spec.image if not real.repository or real == parse(spec.image) else status.image


def runs(expected: Image, spec: Container, status: ContainerStatus, template: str | None) -> bool:
    """Tell whether a container has this image; one that has nothing yet has not.

    `template` is the image in what the pod was made from, None if that is not known.
    """
    if not status.image_id:
        return False
    if expected.digest:
        return digest(status) == expected.digest or _told(expected, spec, template)
    return same(expected, parse(status.image)) or _told(expected, spec, template)


def _told(expected: Image, spec: Container, template: str | None) -> bool:
    """Tell whether the pod was made to run it, and nobody changed that since."""
    return template is not None and all(same(expected, parse(told)) for told in (spec.image, template))


def same(expected: Image, found: Image) -> bool:
    """Tell whether a reference is the expected one: by digest if there is one expected, else by name and tag."""
    if expected.digest:
        return expected.digest == found.digest
    return (expected.repository, expected.tag) == (found.repository, found.tag)
