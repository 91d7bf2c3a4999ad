"""Names of images: what was asked for against what a container really has.

A reference is `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`; without tag and digest it means `latest`, without a registry
the one that the nodes are set up with, which then stands in the status.  A container's status tells its image in
two ways, and each may mislead: `image` may show another tag of the same content or a bare id, `imageID` the
digest of one platform's manifest instead of the index that was asked for.  So what the pod was told to run counts
as well, where nothing contradicts it.
"""

from __future__ import annotations

import re

import msgspec

from probes.kubernetes.wire import Container, ContainerStatus

__all__ = ["Image", "about", "check", "digest", "parse", "runs", "same", "shown"]

_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_PART = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"(?:(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?/)?{_PART}(?:/{_PART})*")
"""Registry, with its port, and path (github.com/distribution/reference)."""
_SCHEMES = ("docker-pullable://", "docker://", "containerd://", "cri-o://")
_OFFICIAL = "library"
"""Where registries keep images whose name has but one part."""


class Image(msgspec.Struct, frozen=True):
    """A reference, in parts."""

    repository: str = ""
    """With its registry, if that is named; empty when only a digest is known."""
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
    return Image(head, tag or ("" if found else "latest"), found.lower())


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
    told, real = parse(spec.image), parse(status.image)
    return spec.image if not real.repository or same(told, real) or _in_full(told, real) else status.image


def about(expected: Image, spec: Container, status: ContainerStatus | None) -> bool:
    """Tell whether a container has an image of the expected repository, whatever its tag."""
    names = [spec.image, *([status.image] if status is not None else [])]
    return any(parse(name).repository == expected.repository for name in names)


def runs(expected: Image, spec: Container, status: ContainerStatus, template: str | None) -> bool:
    """Tell whether a container has this image; one that has nothing yet has not.

    `template` is the image in what the pod was made from, None if that is not known.
    """
    if not status.image_id:
        return False
    told, real = parse(spec.image), parse(status.image)
    if expected.digest:
        return digest(status) == expected.digest or _was_told(expected, told, template)
    in_full = same(expected, told) and _in_full(told, real)
    return same(expected, real) or in_full or _was_told(expected, told, template)


def _was_told(expected: Image, told: Image, template: str | None) -> bool:
    """Tell whether the pod was made to run it, and nobody changed that since."""
    return template is not None and same(expected, told) and same(expected, parse(template))


def same(expected: Image, found: Image) -> bool:
    """Tell whether a reference is the expected one: by digest if there is one expected, else by name and tag."""
    if expected.digest:
        return expected.digest == found.digest
    return (expected.repository, expected.tag) == (found.repository, found.tag)


def _in_full(told: Image, real: Image) -> bool:
    """Tell whether the second is the first with the registry that it did not name."""
    if _named_registry(told.repository) or told.tag != real.tag or told.digest != real.digest:
        return False
    rest = real.repository.removeprefix(_named_registry(real.repository) + "/")
    return rest in (told.repository, f"{_OFFICIAL}/{told.repository}")


def _named_registry(repository: str) -> str:
    """Give the registry of a repository; empty when it names none."""
    first, slash, _ = repository.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else ""
