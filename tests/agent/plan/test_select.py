"""Narrowing a run: nothing is lost that the chosen checks need, and nothing else is kept."""

import pytest

from agent.plan.steps import Step
from agent.problem import ProfileError

PROFILE = """
    name: p
    checks:
      - name: Smoke
        id: smoke
        checks:
          - {name: Health, id: health, tags: [fast], acme.healthy: {}}
          - {name: Login, id: login, active: true, needs: [health], acme.healthy: {}}
          - {name: Orders, id: orders, tags: [fast, shop], acme.healthy: {host: $(login.state)}}
          - name: Upload
            id: upload
            checks:
              - {name: Put, id: put, active: true, acme.healthy: {}}
              - {name: Look, id: look, tags: [deep], needs: [put], acme.healthy: {}}
              - {name: Delete, id: delete, active: true, always: true, needs: [auth], acme.healthy: {}}
          - {name: Log out, id: log-out, active: true, always: true, acme.healthy: {}}
          - {name: Late, id: late, active: true, acme.healthy: {}}
      - {name: Auth, id: auth, acme.healthy: {}}
      - name: Metrics of $(item)
        id: metrics
        tags: [shop]
        each: [a, 'b/c']
        acme.healthy: {host: $(item)}
      - {name: After, id: after, needs: [metrics], acme.healthy: {}}
      - {name: Clean, id: clean, active: true, always: true, acme.healthy: {}}
"""


def chosen(room, **asked) -> list[str]:
    return [address for address, item in room.items(PROFILE, **asked).items() if isinstance(item, Step)]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        pytest.param({"sections": ("auth",)}, ["auth"], id="one check"),
        pytest.param({"sections": ("smoke/orders",)}, ["smoke/health", "smoke/login", "smoke/orders", "smoke/log-out", "clean"],
                     id="what it needs, at any distance, and what cleans up after that"),
        pytest.param({"sections": ("smoke/upload/look",)},
                     ["smoke/upload/put", "smoke/upload/look", "smoke/upload/delete", "smoke/log-out", "auth", "clean"],
                     id="clean-up in its section and around it, and what that needs"),
        pytest.param({"sections": ("smoke/late",)}, ["smoke/late", "clean"], id="no clean-up that stands before it"),
        pytest.param({"sections": ("smoke/upload/put",)}, ["smoke/upload/put", "smoke/upload/delete", "smoke/log-out", "auth", "clean"], id="an active one"),
        pytest.param({"sections": ("metrics",)}, ["metrics[a]", "metrics[b/c]"], id="all elements"),
        pytest.param({"sections": ("metrics[b/c]",)}, ["metrics[b/c]"], id="an element"),
        pytest.param({"sections": ("after",)}, ["metrics[a]", "metrics[b/c]", "after"], id="a section that it needs, whole"),
        pytest.param({"sections": ("auth", "metrics[a]")}, ["auth", "metrics[a]"], id="several"),
        pytest.param({"tags": ("fast",)}, ["smoke/health", "smoke/login", "smoke/orders", "smoke/log-out", "clean"], id="a tag"),
        pytest.param({"tags": ("deep", "shop"), "sections": ("metrics", "auth")}, ["metrics[a]", "metrics[b/c]"], id="tags inside of sections"),
        pytest.param({"tags": ("shop", "fast"), "sections": ("smoke/health",)}, ["smoke/health"], id="one of the tags"),
    ],
)  # fmt: skip
def test_what_is_kept(room, asked, kept):
    assert chosen(room, **asked) == kept


def test_a_narrowed_run_knows_of_how_many(room):
    bound = room.bind(PROFILE, sections=("auth",))
    assert (len(bound.plan.steps), bound.total) == (1, 13)
    assert [item.address for item in bound.plan.root.walk()] == ["", "auth"]


@pytest.mark.parametrize(
    ("asked", "messages"),
    [
        ({"tags": ("fats",)}, ["there is no tag 'fats', did you mean 'fast'?"]),
        ({"tags": ("nothing", "x")}, ["there is no tag 'nothing'; known: deep, fast, shop", "there is no tag 'x'; known: deep, fast, shop"]),
        ({"sections": ("smok",)}, ["there is no section or check 'smok', did you mean 'smoke'?"]),
        ({"sections": ("",)}, ["there is no section or check ''; known: after, auth, clean, metrics, metrics[a], metrics[b/c], "
                               "smoke, smoke/health, smoke/late, smoke/log-out, smoke/login, smoke/orders, smoke/upload, "
                               "smoke/upload/delete, smoke/upload/look, smoke/upload/put"]),
        ({"tags": ("deep",), "sections": ("auth",)}, ["no check has the tags inside the sections that were asked for"]),
    ],
)  # fmt: skip
def test_what_names_nothing_is_refused(room, asked, messages):
    with pytest.raises(ProfileError) as caught:
        room.bind(PROFILE, **asked)
    assert [problem.message for problem in caught.value.problems] == messages


def test_one_of_several_profiles(room):
    room.write("a.yaml", "name: A\nchecks:\n  - {name: One, acme.healthy: {}}\n")
    room.write("b.yaml", "name: B\nchecks:\n  - {name: One, acme.healthy: {}}\n  - {name: Two, acme.healthy: {}}\n")
    assert list(room.items("", "a.yaml", "b.yaml", sections=("b:",))) == ["", "b:", "b:one", "b:two"]
    assert list(room.items("", "a.yaml", "b.yaml", sections=("b:two",))) == ["", "b:", "b:two"]
