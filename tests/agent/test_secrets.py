"""Where secrets are sought, and what is said when one is not there."""

import os
from pathlib import Path

import pytest

from agent import secrets
from tests.agent import strangers


@pytest.fixture
def mounted(tmp_path):
    """The environment of a machine with a folder of mounted secrets."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    return {"GONOGO_SECRETS_DIR": str(folder)}


def put(mounted, name: str, content: bytes) -> Path:
    path = Path(mounted["GONOGO_SECRETS_DIR"]) / name
    path.write_bytes(content)
    return path


def refusal(name, environment):
    with pytest.raises(LookupError) as caught:
        secrets.find(name, environment)
    return caught.value.args[0].replace(environment.get("GONOGO_SECRETS_DIR", "/run/secrets"), "DIR")


def test_the_environment_goes_before_a_file(mounted):
    put(mounted, "TOKEN", b"of the file")
    assert secrets.find("TOKEN", {**mounted, "TOKEN": "of the environment"}) == "of the environment"
    assert secrets.find("TOKEN", mounted) == "of the file"


@pytest.mark.parametrize(
    ("content", "secret"),
    [(b"a\n", "a"), (b"a\r\n", "a"), (b"a\n\n", "a\n"), (b" a ", " a "), (b"", ""), ("grün".encode(), "grün")],
)
def test_one_line_end_is_dropped(mounted, content, secret):
    put(mounted, "x.y-z_1", content)
    assert secrets.find("x.y-z_1", mounted) == secret
    assert secrets.find("X", {"X": content.decode()}) == secret


def test_this_machines_environment_is_asked_by_default(monkeypatch):
    monkeypatch.setenv("GONOGO_TEST_SECRET", "s3cr3t")
    assert secrets.find("GONOGO_TEST_SECRET") == "s3cr3t"


def test_what_is_nowhere_says_where_it_was_sought(mounted):
    assert refusal("TOKEN", mounted) == (
        "secret TOKEN is missing: set the environment variable TOKEN or mount the file DIR/TOKEN"
    )
    assert refusal("NO_SUCH", {}) == (
        "secret NO_SUCH is missing: set the environment variable NO_SUCH or mount the file DIR/NO_SUCH"
    )


@pytest.mark.parametrize("name", ["../outside", "a/b", ".hidden", "", "a\0b", "a b", "x" * 300])
def test_no_name_leads_out_of_the_folder(mounted, name):
    (Path(mounted["GONOGO_SECRETS_DIR"]).parent / "outside").write_text("s3cr3t")
    (Path(mounted["GONOGO_SECRETS_DIR"]) / "a").mkdir()
    (Path(mounted["GONOGO_SECRETS_DIR"]) / "a" / "b").write_text("s3cr3t")
    (Path(mounted["GONOGO_SECRETS_DIR"]) / ".hidden").write_text("s3cr3t")
    assert refusal(name, mounted).startswith(f"secret {name} is missing: ")


def test_what_is_no_file_is_no_secret(mounted):
    os.mkfifo(Path(mounted["GONOGO_SECRETS_DIR"]) / "PIPE")
    assert refusal("PIPE", mounted).startswith("secret PIPE is missing: ")


def test_a_file_that_cannot_be_one_is_told(mounted):
    put(mounted, "LATIN", b"gr\xfcn")
    put(mounted, "HUGE", b"x" * (2**20 + 1))
    assert refusal("LATIN", mounted) == "secret LATIN cannot be read from DIR/LATIN: not UTF-8"
    assert refusal("HUGE", mounted) == "secret HUGE is a file of more than 1 MiB: DIR/HUGE"


def test_a_file_that_cannot_be_read_says_why(mounted):
    link = Path(mounted["GONOGO_SECRETS_DIR"]) / "MEMORY"
    link.symlink_to("/proc/self/mem")  # a file of no size, whose start no process may read
    assert refusal("MEMORY", mounted) == "secret MEMORY cannot be read from DIR/MEMORY: input/output error"


def test_bytes_that_are_not_utf8_in_the_environment_are_told():
    assert refusal("TOKEN", {"TOKEN": "gr\udcfcn"}) == "secret TOKEN, an environment variable, is not UTF-8"


class TestStores:
    """Packages may bring stores of their own."""

    @pytest.fixture
    def store(self, tmp_path, monkeypatch):
        def install(**code):
            entries = {}
            site = tmp_path / "site"
            for name, text in code.items():
                site.mkdir(exist_ok=True)
                (site / f"acme_store_{name}.py").write_text(text)
                entries[name] = f"acme_store_{name}:find"
            strangers.install(site, monkeypatch, "acme_stores", {secrets.GROUP: entries})

        yield install
        monkeypatch.undo()
        strangers.forget()

    def test_a_store_is_asked_last(self, store, mounted):
        store(one="def find(name): return {'A': 'of the store\\n', 'B': 'of the store'}.get(name)\n")
        put(mounted, "B", b"of the file")
        assert secrets.find("A", mounted) == "of the store"
        assert secrets.find("B", mounted) == "of the file"
        assert refusal("C", mounted).startswith("secret C is missing: ")

    def test_the_next_store_is_asked_when_one_has_none(self, store, mounted):
        store(two="def find(name): return None\n", three="def find(name): return name.lower()\n")
        assert secrets.find("ABC", mounted) == "abc"

    def test_what_a_store_gives_must_be_text_that_can_be_written(self, store, mounted):
        store(four="def find(name): return '\\ud800'\n")
        assert refusal("A", mounted) == "secret A, from a store, is not UTF-8"
