"""`gonogo init`: what it writes, where, and when it does not."""

import io
import sys
from pathlib import Path

import pytest

from agent.cli import invoke
from tests.agent.drafts.sources import DATA


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test works in a folder of its own, called `My Shop`."""
    own = tmp_path / "My Shop"
    own.mkdir()
    monkeypatch.chdir(own)
    return own


def init(capsys, *arguments):
    code, hard = invoke(["init", *map(str, arguments)])
    said = capsys.readouterr()
    assert not hard
    return code, said.out, said.err


def there():
    return [path.name for path in Path().iterdir()]


@pytest.fixture
def stdin(monkeypatch):
    def give(data):
        stream = io.TextIOWrapper(io.BytesIO(data))
        monkeypatch.setattr(sys, "stdin", stream)

    return give


def test_a_profile_is_called_as_its_folder(capsys):
    assert init(capsys) == (
        0,
        "",
        "my-shop.yaml is written: change its variables, then `gonogo validate my-shop.yaml --no-values`\n",
    )
    text = Path("my-shop.yaml").read_text()
    assert "\nname: my-shop\ntitle: my-shop after its deployment\n" in text
    assert "#   gonogo run my-shop.yaml --var version=1.4.2 " in text
    assert "example.yaml" not in text


@pytest.mark.parametrize(
    ("name", "file", "head"),
    [
        ("shop", "shop.yaml", "name: shop\ntitle: shop after its deployment\n"),
        ("shop.yaml", "shop.yaml", "name: shop\n"),
        ("shop.yml", "shop.yaml", "name: shop\n"),
        ("Shop: 2", "shop-2.yaml", "name: 'Shop: 2'\ntitle: 'Shop: 2 after its deployment'\n"),
        ("$(x)", "x.yaml", "name: $$(x)\n"),
        ("日本", "profile.yaml", "name: '日本'\n"),
    ],
)
def test_a_profile_may_have_any_name(name, file, head, capsys):
    assert init(capsys, name)[0] == 0
    assert head in Path(file).read_text()
    assert invoke(["validate", file, "--no-values"]) == (0, False)


@pytest.mark.parametrize(
    "values",
    [["--no-values"], ["--var", "version=1.4.2"], ["--var", "version=1", "--var", "cdn=https://c.example.com"]],
)
def test_the_profile_to_start_from_is_valid_and_nothing_in_it_is_dubious(values, capsys):
    init(capsys, "shop")
    assert invoke(["validate", "shop.yaml", *values]) == (0, False)
    assert invoke(["lint", "shop.yaml", *values]) == (0, False)
    assert capsys.readouterr().out == "shop.yaml: no mistakes\nshop.yaml: nothing dubious\n"


def test_nothing_is_written_over(capsys):
    Path("shop.yaml").write_text("mine\n")
    said = "shop.yaml is there already: --force writes over it, --output names another\n"
    assert init(capsys, "shop") == (2, "", said)
    assert init(capsys, "shop", "--from", "goss", DATA / "goss.yaml") == (2, "", said)
    assert Path("shop.yaml").read_text() == "mine\n"
    assert init(capsys, "shop", "--force")[0] == 0
    assert Path("shop.yaml").read_text() != "mine\n"


def test_output_says_where_it_goes(capsys):
    Path("checks").mkdir()
    assert init(capsys, "shop", "-o", "checks/smoke.yaml")[0] == 0
    assert "name: shop\n" in Path("checks/smoke.yaml").read_text()
    assert there() == ["checks"]


def test_a_dash_is_standard_output(capsys):
    code, out, err = init(capsys, "shop", "-o", "-")
    assert (code, err, there()) == (0, "", [])
    assert out.startswith("# Is it safe to go?")
    assert "gonogo run shop.yaml" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a/b"], "NAME is 'a/b', expected a name; --output says where the file goes"),
        ([".yaml"], "NAME is '.yaml', expected a name; --output says where the file goes"),
        (["shop", "-o", "no/where.yaml"], "no/where.yaml cannot be written: no such file or directory"),
        (["shop", "-o", "."], ". is there already: --force writes over it, --output names another"),
        (["shop", "-o", ".", "--force"], ". cannot be written: is a directory"),
        (
            ["--from", "checklist", "x.md"],
            "--from checklist: Markdown checklists are for a later version; "
            "there are compose, kubernetes, prometheus and goss",
        ),
        (["--from", "composer", "x"], "--from composer: there is no such format, did you mean 'compose'?"),
        (["--from", "x", "x"], "--from x: there is no such format; known: compose, goss, kubernetes, prometheus"),
        (["--from", "compose"], "Option '--from' requires 2 arguments."),
        (["--from", "compose", "gone.yaml"], "gone.yaml: no such file"),
        (["--from", "compose", "."], ".: is a directory, expected a file"),
        (["--from", "kubernetes", "."], ".: holds no file that ends in .yaml, .yml, .json"),
    ],
)
def test_what_cannot_be_is_refused(arguments, said, capsys):
    code, out, err = init(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].removeprefix("Error: ") == said
    assert there() == []


@pytest.mark.parametrize("form", ["compose", "kubernetes", "prometheus", "goss"])
def test_a_draft_is_valid(form, capsys):
    code, out, err = init(capsys, "shop", "--from", form, DATA / f"{form}.yaml")
    assert (code, out) == (0, "")
    assert err.startswith("shop.yaml is written: ")
    assert invoke(["validate", "shop.yaml", "--no-values"]) == (0, False)


def test_a_draft_says_what_it_has_and_what_not(capsys):
    Path("goss.yaml").write_text("addr: {'tcp://a:1': {reachable: true}}\nuser: {x: {exists: true}}\n")
    said = (
        "s.yaml is written: 1 check; 1 more things of the source are listed at its end. Read it before you rely on it\n"
    )
    assert init(capsys, "s", "--from", "goss", "goss.yaml") == (0, "", said)
    Path("goss.yaml").write_text("addr: {'tcp://a:1': {reachable: true}, 'b:2': {}}\n")
    said = "t.yaml is written: 2 checks. Read it before you rely on it\n"
    assert init(capsys, "t", "--from", "goss", "goss.yaml") == (0, "", said)


def test_a_source_comes_from_standard_input(stdin, capsys):
    stdin(b"services: {web: {image: x}}\n")
    code, out, err = init(capsys, "shop", "--from", "compose", "-", "-o", "-")
    assert (code, err) == (0, "")
    assert "title: shop (drafted from standard input)\n" in out
    assert "  compose_file: docker-compose.yml\n" in out


def test_standard_input_without_an_end_is_refused(stdin, capsys):
    stdin(b"a" * (16 * 2**20 + 1))
    assert init(capsys, "--from", "goss", "-") == (2, "", "standard input is larger than 16 MiB\n")


def test_a_folder_of_manifests_is_read_as_one(capsys):
    Path("k8s/base").mkdir(parents=True)
    service = '{"kind": "Service", "metadata": {"name": "%s"}, "spec": {"ports": [{"port": 1}]}}'
    Path("k8s/b.json").write_text(service % "b")
    Path("k8s/base/a.yml").write_text(service % "a" + "\n---\n" + service % "c")
    Path("k8s/notes.txt").write_text("not a manifest")
    code, out, err = init(capsys, "--from", "kubernetes", "k8s", "-o", "-")
    assert (code, err) == (0, "")
    assert [line.strip() for line in out.splitlines() if line.startswith("  - name")] == [
        "- name: b",
        "- name: a",
        "- name: c",
    ]
    assert "title: my-shop (drafted from k8s)\n" in out
    Path("k8s/base/d.yaml").write_text("a: [\n")
    code, out, err = init(capsys, "--from", "kubernetes", "k8s", "-o", "-")
    assert (code, out) == (2, "")
    assert err.startswith("k8s/base/d.yaml:2:1: is no YAML: ")
