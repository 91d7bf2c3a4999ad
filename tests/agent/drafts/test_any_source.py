"""Whatever a source holds: a valid profile comes out of it, or a message."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.problem import ProfileError
from tests.agent.drafts.sources import DATA, bound, draft

ODD = ["\x1b[0m", "\x00", "\u202e", "\t", "a\nb", "a" * 300]
TEXTS = st.sampled_from([*(DATA / "words.txt").read_text(encoding="utf-8").split("\n"), *ODD])
KEYS = {
    "compose": "services ports healthcheck test depends_on target published protocol host_ip profiles web x timeout",
    "kubernetes": "kind metadata name namespace labels spec rules host tls hosts http paths path template containers "
    "ports containerPort readinessProbe httpGet port selector status items httpHeaders value externalName",
    "prometheus": "scrape_configs job_name static_configs targets labels scheme metrics_path params module ca_file "
    "relabel_configs target_label basic_auth username alerting alertmanagers scrape_timeout global tls_config",
    "goss": "http port command file dns addr x status body headers request-headers url listening ip exit-status stdout "
    "exec exists mode contents resolvable addrs title skip timeout and not or equal gt have-prefix service",
}


def compose(said):
    return {"services": {"web": {"ports": [said], "healthcheck": {"test": said}, "depends_on": [said]}, "b": said}}


def kubernetes(said):
    rule = {"host": said, "http": {"paths": [{"path": said}]}}
    return {
        "kind": "List",
        "items": [
            {"kind": "Ingress", "metadata": {"name": said}, "spec": {"rules": [rule]}},
            {"kind": "Service", "metadata": {"name": said}, "spec": {"ports": [{"port": said}]}},
            {"kind": "Service", "metadata": {"name": said}, "spec": {"externalName": said}},
            {"kind": said, "metadata": {"name": said}},
        ],
    }


def prometheus(said):
    targets = [{"targets": [said, said, "b:1"]}]
    job = {"job_name": said, "scheme": said, "metrics_path": said, "static_configs": targets, "params": {"x": [said]}}
    return {"scrape_configs": [job]}


def goss(said):
    texts = ("url", "exec", "path", "resolve", "port", "address", "mode", "title", "timeout", "method", "linked-to")
    lists = ("body", "stdout", "contents", "addrs", "request-headers", "headers")
    entry = {**dict.fromkeys(texts, said), **{key: [said] for key in lists}}
    return {kind: {"x": entry} for kind in ("http", "port", "command", "file", "dns", "addr", said)}


SHAPES = {"compose": compose, "kubernetes": kubernetes, "prometheus": prometheus, "goss": goss}


def trees(form):
    keys = st.sampled_from(KEYS[form].split()) | TEXTS
    return st.recursive(
        TEXTS | st.none() | st.integers() | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=25,
    )


def see(form, document):
    try:
        made = draft(form, yaml.safe_dump(document, allow_unicode=True))
    except ProfileError:
        return
    assert bound(made.text).steps


@pytest.mark.parametrize("form", KEYS)
def test_a_source_of_any_form_gives_a_valid_profile_or_a_message(form):
    @settings(derandomize=True, max_examples=120, deadline=None)
    @given(trees(form))
    def check(document):
        see(form, document)

    check()


@pytest.mark.parametrize("form", KEYS)
def test_a_source_that_holds_any_text_gives_a_valid_profile_or_a_message(form):
    @settings(derandomize=True, max_examples=120, deadline=None)
    @given(TEXTS | st.text(max_size=20))
    def check(said):
        see(form, SHAPES[form](said))

    check()
