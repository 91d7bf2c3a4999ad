"""How large a plan may become: a few lines that ask for millions of checks are refused at once."""

import pytest


def test_includes_of_includes_are_no_bomb(room):
    for number in range(30):
        inner = f"{number + 1}.yaml"
        room.write(
            f"{number}.yaml",
            f"name: n\nchecks:\n  - {{name: A, include: {inner}}}\n  - {{name: B, include: {inner}}}\n",
        )
    room.write("30.yaml", "name: n\nchecks:\n  - {name: One, acme.healthy: {}}\n")
    (message,) = room.told("", "0.yaml")
    assert message.endswith("there are more than 50,000 sections and checks")


def test_each_in_each_is_no_bomb(room):
    text = "name: p\nvars: {l: [" + ", ".join(map(str, range(400))) + "]}\nchecks:\n"
    indent = "  "
    for number in range(4):
        text += f"{indent}- name: N{number}\n{indent}  each: $(l)\n{indent}  checks:\n"
        indent += "    "
    (message,) = room.told(f"{text}{indent}- {{name: One, acme.healthy: {{}}}}\n")
    assert message == "16:21: there are more than 50,000 sections and checks"


def test_files_in_files_have_an_end(room):
    for number in range(80):
        room.write(f"{number}.yaml", f"name: n\nchecks:\n  - {{name: A, include: {number + 1}.yaml}}\n")
    room.write("80.yaml", "name: n\nchecks:\n  - {name: One, acme.healthy: {}}\n")
    assert room.told("", "0.yaml") == ["50.yaml:3:5: sections are nested deeper than 50 levels"]


def test_sections_in_files_in_sections_have_an_end(room):
    text, indent = "name: n\nchecks:\n", "  "
    for _ in range(17):
        text += f"{indent}- name: S\n{indent}  checks:\n"
        indent += "    "
    for number in range(5):
        room.write(f"{number}.yaml", f"{text}{indent}- {{name: A, include: {number + 1}.yaml}}\n")
    room.write("5.yaml", "name: n\nchecks:\n  - {name: One, acme.healthy: {}}\n")
    (message,) = room.told("", "0.yaml")
    assert message.endswith("sections are nested deeper than 50 levels")


@pytest.mark.parametrize("count", [2000])
def test_thousands_of_mistakes_are_told_up_to_a_thousand(room, count):
    checks = "".join(
        f"  - {{name: N{number}, needs: [m{number}], acme.helthy: {{hots: x}}, ownr: $(x{number})}}\n"
        for number in range(count)
    )
    told = room.told(f"name: p\nchecks:\n{checks}")
    assert len(told) == 1001
    assert told[-1].endswith("there are more than 1000 mistakes; these were found first")
