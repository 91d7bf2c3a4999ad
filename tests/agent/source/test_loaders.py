"""libyaml and Python read alike, whatever is written, and every mistake gets words of ours."""

import random

import pytest

from agent import source
from agent.problem import ProfileError
from agent.source import loader

GOOD = """\
name: smoke
title: "Smoke \\u00e9 tests"
vars: &vars {env: 'production', domain: shop.example.com, list: [a, 'b', "c"]}
checks:
  - name: Health   # of the shop
    http: {url: https://$(domain)/health?x=1, json: {state: status}}
    expect: {status: 200, state: {matches: ^a|b$}, latency_seconds: {max: 500ms}}
  - name: Text
    each: [x, y]
    exec:
      script: |
        echo "up"
          and more
      other: >-
        one
        two

        three
    needs:
    - health
    again: *vars
    text: on several
      lines
"""
BITS = [" ", "  ", "\n", "\t", "\n  ", "\n\t", "\xa0", ":", ": ", "::", "#", " #", "-", "- ", "? ", ",", "x", "é", "🎉"]
BITS += ["{", "}", "[", "]", "{{ x }}", "$(x)", "'", '"', "\\", "\\u00", "\\d", '"\\ud800"', '"\\U0011ffff"', "|", "|2"]
BITS += [">-", "&a ", "*a", "*vars", "!", "!x ", "%", "@", "`", "---\n", "...\n", "<<", "=", "a: b"]


def mutated(chance):
    """Take some lines of a good file and put up to three mistakes into them."""
    lines = GOOD.splitlines(keepends=True)
    start = chance.randrange(len(lines))
    text = "".join(lines[start : start + chance.randint(1, 8)])
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text) + 1)
        cut = chance.random() < 0.3
        text = text[:at] + (text[at + chance.randint(1, 3) :] if cut else chance.choice(BITS) + text[at:])
    return text


def outcome(text, events):
    try:
        return source.parse(text, "x.yaml", events).root
    except ProfileError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(20))
def test_both_loaders_read_alike_and_no_mistake_is_without_words(seed):
    chance = random.Random(seed)
    for text in [mutated(chance) for _ in range(100)]:
        fast = outcome(text, loader.c_events)
        assert outcome(text, loader.python_events) == fast, text
        assert "this is no YAML" not in str(fast), text


def test_libyaml_is_used_where_it_is():
    assert outcome(GOOD, loader.events) == outcome(GOOD, loader.c_events) == outcome(GOOD, loader.python_events)
    assert "CParser" in type(loader.events(GOOD).__self__).__mro__[1].__name__


def test_the_tokens_end_where_scanning_does():
    assert [token.id for token in loader.tokens('[b, "')] == ["<stream start>", "[", "<scalar>", ","]
