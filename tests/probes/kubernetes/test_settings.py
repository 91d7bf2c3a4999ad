"""Settings: what is refused while a profile is loaded, and what checks have in common."""

import re

import pytest

from probes.kubernetes.discovery import check_version
from probes.kubernetes.pods import PodsProbe
from probes.kubernetes.settings import _check_fields, _check_name, _check_namespace, _check_selector


@pytest.mark.parametrize(
    "selector",
    [
        "app=shop",
        "app==shop",
        "app != shop",
        "app",
        "!app",
        "! app",
        "app=",
        "app.kubernetes.io/name=shop-api,tier in (web, api), env notin (test),!canary",
        "node-role.kubernetes.io/control-plane",
        "v in (1.10,)",
    ],
)
def test_a_label_selector(selector):
    _check_selector(selector)


@pytest.mark.parametrize(
    "selector", ["", "app=a b", "app in web", "app>3", "app=a,", ",app", "=a", "app in (a", "-a", "a=é", "a=b;c=d"]
)
def test_what_is_no_label_selector(selector):
    with pytest.raises(ValueError, match=f"^{re.escape(repr(selector))} is no label selector such as "):
        _check_selector(selector)


def test_a_field_selector():
    _check_fields("spec.nodeName=worker-3, status.phase!=Running")
    _check_fields("metadata.name==a")
    with pytest.raises(ValueError, match=r"^'worker-3' is no field selector such as "):
        _check_fields("worker-3")


@pytest.mark.parametrize("name", ["shop", "a", "a-b-1", "x" * 63])
def test_a_namespace(name):
    _check_namespace(name)


@pytest.mark.parametrize("name", ["", "Shop", "a_b", "-a", "a/b", "x" * 64, "a.b", "the context's namespace"])
def test_what_is_no_namespace(name):
    with pytest.raises(ValueError, match=r"is no name of a namespace: small letters, digits and - within$"):
        _check_namespace(name)


@pytest.mark.parametrize("name", ["shop-api", "system:node", "a.b.c", "1"])
def test_a_name(name):
    _check_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "a?b", "a%2Fb", "a#b", "x" * 254])
def test_what_is_no_name(name):
    with pytest.raises(ValueError, match=r"is no name of an object$"):
        _check_name(name)


@pytest.mark.parametrize(
    ("settings", "target"),
    [
        ({}, "kubernetes"),
        ({"context": "prod"}, "kubernetes prod"),
        ({"kubeconfig": "/k", "context": "prod"}, "kubernetes /k prod"),
    ],
)
def test_checks_of_one_cluster_share_a_target(settings, target):
    assert PodsProbe(**settings).target() == target


@pytest.mark.parametrize("version", ["v1", "apps/v1", "cert-manager.io/v1", "example.com/v1alpha1", "a.b.c/v2beta1"])
def test_an_api_version(version):
    check_version(version)


@pytest.mark.parametrize("version", ["", "1", "V1", "apps", "cert-manager/v1", "a.b/c/v1", "../v1", "a.b/v1/x"])
def test_what_is_no_api_version(version):
    with pytest.raises(ValueError, match=r"is no apiVersion such as v1, apps/v1 or cert-manager\.io/v1$"):
        check_version(version)
