"""The documentation is true as far as a machine can see: every example is valid, every link leads somewhere.

A fenced block `yaml` with `checks:` is a whole profile.  `yaml checks` is a list of items, `yaml fragment` is
YAML of something else.  A first line `# file: NAME` makes the block a file that others of the same page can
include and extend.
"""

import re
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pytest

from agent import describe, source
from agent.cli import invoke
from agent.cli.exits import of_run
from agent.limit import OPERATORS
from agent.model import Decision, Outcome
from agent.profile.items import CHECK, COMMON, SECTION
from agent.profile.keys import HEAD
from agent.units import Unit

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
REFERENCE = (DOCS / "profile.md").read_text(encoding="utf-8")


class Block(NamedTuple):
    page: Path
    line: int
    kind: str
    text: str

    @property
    def file(self):
        found = re.match(r"# file: (\S+)\n", self.text)
        return found[1] if found else ""


def blocks(page):
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(page, text.count("\n", 0, match.start()) + 2, match[1], match[2])


BLOCKS = list(chain.from_iterable(map(blocks, PAGES)))


def chosen(*kinds):
    found = [block for block in BLOCKS if block.kind in kinds]
    return [pytest.param(block, id=f"{block.page.name}:{block.line}") for block in found]


def wrapped(items):
    """Make a profile of a list of items; every variable that they use is one of it."""
    used = dict.fromkeys(re.findall(r"(?<!\$)\$\(([A-Za-z_][\w-]*)\)", items))
    names = [name for name in used if name not in ("item", "key")]
    head = "".join(["vars:\n", *(f"  {name}:\n" for name in names)]) if names else ""
    return f"name: example\n{head}checks:\n{items}"


@pytest.fixture
def page_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(block):
        for other in blocks(block.page):
            if other.file:
                Path(other.file).write_text(other.text, encoding="utf-8")

    return write


@pytest.mark.parametrize("block", chosen("yaml", "yaml checks"))
def test_an_example_is_a_valid_profile(block, page_files, capsys):
    page_files(block)
    assert block.kind == "yaml checks" or "\nchecks:" in block.text
    text = block.text if block.kind == "yaml" else wrapped(block.text)
    Path("example.yaml").write_text(text, encoding="utf-8")
    code = invoke(["validate", "example.yaml", "--no-values"])
    assert (code, capsys.readouterr().err) == ((0, False), "")


@pytest.mark.parametrize("block", chosen("yaml fragment"))
def test_a_fragment_is_yaml(block):
    assert source.parse(block.text, block.page.name).root.keys()


def test_every_block_says_what_it_is():
    known = {"yaml", "yaml checks", "yaml fragment", "", "text", "sh", "json", "python", "toml"}
    assert [(block.page.name, block.line) for block in BLOCKS if block.kind not in known] == []


def test_there_are_examples_to_look_at():
    assert len(chosen("yaml")) > 10
    assert len(chosen("yaml checks")) > 5


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES if page.parent == DOCS])
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    targets = [link.partition("#") for link in links if "://" not in link]
    gone = [f"{path}#{anchor}" for path, _, anchor in targets if not there(page, path, anchor)]
    assert gone == []


def there(page, path, anchor):
    target = page.parent / path if path else page
    if not target.is_file():
        return False
    titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    return not anchor or anchor in slugs


def test_the_reference_of_the_kinds_is_current():
    current = (DOCS / "probes.md").read_text(encoding="utf-8") == describe.reference()
    assert current, "write it anew: gonogo probes --all > docs/probes.md"


@pytest.mark.parametrize("key", sorted({*COMMON, *SECTION, *CHECK, *HEAD, "include"}))
def test_every_key_is_in_the_reference(key):
    assert re.search(rf"`{key}\b", REFERENCE)


@pytest.mark.parametrize("word", [*OPERATORS, *(f"_{unit.value}" for unit in Unit if unit.value)])
def test_every_limit_and_every_unit_is_in_the_reference(word):
    assert re.search(rf"`{word}\b", REFERENCE)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_in_the_reference(outcome):
    assert outcome.value in REFERENCE


@pytest.mark.parametrize("decision", Decision)
def test_the_exit_codes_are_in_the_reference_and_the_guide(decision):
    code = of_run(decision, interrupted="", written=True)
    assert re.search(rf"^\| {code} \| {decision} \|$", REFERENCE, re.MULTILINE)


@pytest.mark.parametrize("words", re.findall(r"^gonogo .*?(?=   )", (DOCS / "README.md").read_text(), re.MULTILINE))
def test_every_format_that_the_index_names_can_be_drafted(words):
    assert words.split()[:3] == ["gonogo", "init", "--from"]
    assert invoke([*words.split()[1:4], "gone", "-o", "-"]) == (2, False)
