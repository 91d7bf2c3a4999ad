"""Making checks ready: what can go wrong with one is its own error and nobody else's."""

import importlib
import sys
import threading

import pytest

from agent import secrets
from agent.engine.late import Known
from agent.engine.ready import Ready, Unready, find_secrets, late_parts, make, prepare
from agent.limit import Metric, Shape
from agent.node import Measured, Scalar, Secret, Sequence
from agent.plan.steps import LateLimit
from agent.probe import ProbeError
from tests.agent.engine.kit import MARK, OK, Prepared, Typed, check, late, limit, mapping, real_time, script


def known(**readings):
    found = Known()
    found.secrets = {"TOKEN": "s3cret", "GONE": LookupError("secret GONE is missing")}
    found.readings.update({("other", metric): value for metric, value in readings.items()})
    return found


def typed(**settings):
    return check("a", probe=Typed, settings=mapping(**settings), ready=None, kind="typed")


def test_a_probe_that_the_binder_built_is_taken_as_it_is():
    step = check("a", script(host="h"))
    assert make(step, Known()) == Ready(step, step.ready, "h", (OK,), ())


def test_a_probe_is_built_when_its_late_values_are_known():
    step = typed(port=late(Measured("other", "port")), token=late("Bearer ", Secret("TOKEN")))
    ready = make(step, known(port=8080))
    assert (ready.probe, ready.target) == (Typed(port=8080, token="Bearer s3cret"), "host8080")


def test_a_reading_that_is_text_takes_the_type_of_the_setting():
    assert make(typed(port=late(Measured("other", "port"))), known(port="8080")).probe == Typed(port=8080)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"port": late(Measured("other", "gone"))}, "other.gone is absent"),
        ({"port": "5", "token": late(Secret("GONE"))}, "secret GONE is missing"),
        ({"port": late(Measured("other", "word"))}, "port is 'many', expected a whole number"),
        ({"port": late(Measured("other", "one"))}, "port 1 does not go with this"),
    ],
)
def test_settings_that_do_not_fit_are_told(settings, message):
    with pytest.raises(Unready) as caught:
        make(typed(**settings), known(word="many", one=1))
    assert str(caught.value) == message


@pytest.mark.parametrize(("port", "message"), [("2", "a bug"), ("3", "no host")])
def test_a_kind_that_breaks_is_told(port, message):
    with pytest.raises(Unready, match=rf"^probe failed: RuntimeError: {message} \(kit.py:\d+\)$"):
        make(typed(port=port), known())


LIMIT = LateLimit(Metric("value", Shape.NUMBER), late(Measured("other", "size")))


def test_late_limits_are_compiled_when_they_are_known():
    step = check("a", late_limits=(LIMIT,), late_warnings=(LIMIT,))
    wanted = limit("value", 5, Shape.NUMBER)
    ready = make(step, known(size=5))
    assert (ready.limits, ready.warnings) == ((OK, wanted), (wanted,))


def test_a_mapping_that_was_read_is_a_value_and_no_set_of_limits():
    whole = LateLimit(Metric("value"), late(Measured("other", "data")))
    ready = make(check("a", limits=(), late_limits=(whole,)), known(data={"max": 1}))
    assert [(test.op, test.operand) for test in ready.limits[0].tests] == [("equals", {"max": 1})]


def test_a_list_of_late_values_is_one_of_them():
    written = Sequence((late("v", Measured("other", "size")), Scalar("x", MARK)), MARK)
    ready = make(check("a", limits=(), late_limits=(LateLimit(Metric("value"), written),)), known(size=5))
    assert str(ready.limits[0]) == "value: one of v5, x"


def test_a_limit_that_cannot_be_is_told():
    with pytest.raises(Unready) as caught:
        make(check("a", late_limits=(LIMIT,)), known(size="many"))
    assert str(caught.value) == "the limit for value cannot be: 'many' is not a plain number"


def test_all_late_parts_of_a_check_are_found():
    settings = mapping(token=late(Secret("A")))
    written = LateLimit(Metric("value"), late(Secret("B")))
    step = check("a", probe=Typed, settings=settings, ready=None, late_limits=(LIMIT,), late_warnings=(written,))
    assert late_parts(step) == [Measured("other", "size"), Secret("B"), Secret("A")]
    assert late_parts(check("a", settings=settings)) == []


# ---- secrets


@real_time
async def test_each_secret_is_found_once(monkeypatch):
    monkeypatch.setenv("FOUND", "text\n")
    monkeypatch.setenv("GONOGO_SECRETS_DIR", "/nowhere")
    steps = [typed(token=late(Secret("FOUND"), Secret("MISSING"))), typed(token=late(Secret("FOUND")))]
    found = await find_secrets(steps)
    assert (list(found), found["FOUND"]) == (["FOUND", "MISSING"], "text")
    assert str(found["MISSING"]) == (
        "secret MISSING is missing: set the environment variable MISSING or mount the file /nowhere/MISSING"
    )


@real_time
async def test_without_secrets_there_is_nothing_to_find():
    assert await find_secrets([check("a")]) == {}


STORES = """
import threading

def find(name):
    if name == "ODD":
        raise ValueError("what is odd?")
    if name == "SLOW":
        RELEASE.wait()

RELEASE = threading.Event()
"""


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Install a package that brings a store of secrets."""
    (tmp_path / "odd_store.py").write_text(STORES)
    package = tmp_path / "odd_store-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-store\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[gonogo.secrets]\nodd = odd_store:find\n")
    monkeypatch.syspath_prepend(tmp_path)
    secrets._stores.cache_clear()
    yield importlib.import_module("odd_store")
    del sys.modules["odd_store"]
    secrets._stores.cache_clear()


@real_time
async def test_a_store_that_breaks_is_a_missing_secret(store):
    found = await find_secrets([typed(token=late(Secret("ODD")))])
    assert str(found["ODD"]) == "secret ODD cannot be had: ValueError: what is odd? (odd_store.py:6)"


@real_time
async def test_a_store_that_hangs_is_a_missing_secret(store):
    try:
        found = await find_secrets([typed(token=late(Secret("SLOW")))], patience=0.05)
    finally:
        store.RELEASE.set()
    assert str(found["SLOW"]) == "secret SLOW was not found within 50ms"


# ---- preparation


def ready(address, probe):
    return Ready(check(address, probe), probe, "", (), ())


@real_time
async def test_probes_prepare_themselves_in_one_thread_and_only_those_that_want_to():
    able = Prepared()
    assert await prepare([ready("a", able), ready("b", script()), ready("c", able)]) == {"a": "", "b": "", "c": ""}
    assert len(able.calls) == 2
    assert threading.get_ident() not in able.calls


@real_time
async def test_the_problem_of_one_is_not_the_problem_of_another():
    problems = {"a": ProbeError("no such file: ca.pem"), "b": None, "c": ValueError("x")}
    found = await prepare([ready(address, Prepared(problem=problem)) for address, problem in problems.items()])
    assert found == {"a": "no such file: ca.pem", "b": "", "c": found["c"]}
    assert found["c"].startswith("probe failed: ValueError: x (kit.py:")


@real_time
async def test_one_that_hangs_is_left_behind():
    release = threading.Event()
    try:
        found = await prepare([ready("a", Prepared(problem=release))], patience=0.05)
    finally:
        release.set()
    assert found == {"a": "was not prepared within 50ms"}
