"""A real-looking source of each format, and the draft of it that a person has read.

After a wanted change: `GONOGO_UPDATE_GOLDEN=1 pytest tests/agent/drafts`, then read the difference.
"""

import os
import re
from collections import Counter

import pytest

from agent.cli import invoke
from agent.drafts import FORMATS, File, drafted
from agent.drafts.page import Title
from agent.plan.steps import Section
from tests.agent.drafts.sources import DATA, bound

SECRETS = {
    "compose": [],
    "kubernetes": ["s3cr3t-of-the-probe"],
    "prometheus": [
        "p4ssw0rd-of-remote",
        "hunter2-of-the-shop",
        "abcdef-of-the-old-token",
        "digest-of-someone",
        "oauth-of-the-shop",
        "pa55-of-blackbox",
    ],
    "goss": ["in-the-url", "in-the-header", "in-the-proxy", "in-the-attribute"],
}


def made(form):
    source = f"{form}.yaml"
    title = Title(name="shop", file="shop.yaml", origin=source, source=source)
    return drafted(form, [File(source, (DATA / source).read_bytes())], title)


@pytest.mark.parametrize("form", FORMATS)
def test_a_draft_is_as_in_its_golden_file(form):
    golden = DATA / f"{form}.draft.yaml"
    now = made(form).text
    if os.environ.get("GONOGO_UPDATE_GOLDEN"):
        golden.write_text(now, encoding="utf-8")
    assert now == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMATS)
def test_a_draft_is_valid(form, capsys):
    path = DATA / f"{form}.draft.yaml"
    assert invoke(["validate", str(path), "--no-values"]) == (0, False)
    assert capsys.readouterr().out == f"{path}: no mistakes\n"


@pytest.mark.parametrize("form", FORMATS)
def test_siblings_have_names_and_ids_of_their_own(form):
    sections = [item for item in bound(made(form).text).root.walk() if isinstance(item, Section)]
    for section in sections:
        names = Counter(child.name for child in section.children)
        addresses = Counter(child.address for child in section.children)
        assert max(names.values()) == max(addresses.values()) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_no_password_of_the_source_is_in_the_draft(form):
    source, text = (DATA / f"{form}.yaml").read_text(), made(form).text
    assert [secret for secret in SECRETS[form] if secret not in source] == []
    assert [secret for secret in SECRETS[form] if secret in text] == []


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_counted_is_what_is_there(form):
    found = made(form)
    end = found.text.partition("# In the source, and not in the checks above:\n")[2]
    steps = bound(found.text).steps
    assert found.left == len(end.splitlines())
    assert found.checks == len({re.sub(r"\[.*\]", "", step.address) for step in steps})
