"""What botocore knows of AWS's services: their operations and the shapes of what goes in and comes out."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

__all__ = ["description", "loader", "method", "near", "operation", "pagination", "service"]

_LONGEST_LIST = 8


@lru_cache(maxsize=1)
def loader() -> Loader:
    """Give what reads botocore's files, each once."""
    return Loader()


@lru_cache(maxsize=64)
def service(name: str) -> ServiceModel:
    """Find a service by its name in boto3 (`elbv2`); ValueError says what was meant."""
    try:
        return ServiceModel(description(name), name)
    except UnknownServiceError:
        known = loader().list_available_services("service-2")
        raise ValueError(f"AWS has no service {name!r}{near(name, known)}") from None


def description(name: str) -> dict[str, Any]:
    """Give the description of a service as AWS wrote it.  Raises botocore's UnknownServiceError."""
    found: dict[str, Any] = loader().load_service_model(name, "service-2")  # read once, the loader keeps it
    return found


@lru_cache(maxsize=1024)
def operation(service_name: str, name: str) -> OperationModel:
    """Find an operation, written `describe_db_instances` or `DescribeDBInstances`; ValueError says what was meant."""
    model = service(service_name)
    if name in model.operation_names:
        return model.operation_model(name)
    methods = {method(known): known for known in model.operation_names}
    if name not in methods:
        raise ValueError(f"{service_name} has no operation {name!r}{near(name, methods)}")
    return model.operation_model(methods[name])


@lru_cache(maxsize=64)
def pagination(service_name: str) -> dict[str, dict[str, object]]:
    """Give how the answers of a service go on, by operation; empty where botocore does not know."""
    try:
        found: dict[str, dict[str, object]] = loader().load_service_model(service_name, "paginators-1")["pagination"]
    except UnknownServiceError:
        return {}
    return found


def method(operation_name: str) -> str:
    """Give the name that boto3 has for an operation: `describe_db_instances`."""
    return str(xform_name(operation_name))


def near(name: str, known: Iterable[str]) -> str:
    """Give `, did you mean …`, or the whole list where it is short; empty when nothing is near."""
    candidates = sorted(known)
    by_lower = {one.lower(): one for one in candidates}
    found = get_close_matches(name.lower(), by_lower, 1)
    if found:
        return f", did you mean {by_lower[found[0]]!r}?"
    return f", expected {', '.join(candidates)}" if 0 < len(candidates) <= _LONGEST_LIST else ""
