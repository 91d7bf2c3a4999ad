"""Nagios plugins: their status, their line, and their performance data in base units."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.probe import ProbeError, Unreadable
from probes import nagios
from probes.exec import ExecProbe
from probes.nagios import Measure


def suggested(text):
    return nagios.suggested(nagios.plugin_output(f"OK | {text}").measures)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("load1=0.50;5.000;10.000;0;", {"load1": Decimal("0.50")}),
        ("time=0.002312s;;;0.000000;10.0", {"time_seconds": Decimal("0.002312")}),
        ("rta=5ms", {"rta_seconds": Decimal("0.005")}),
        (
            "x=250us y=3µs z=8ns",
            {"x_seconds": Decimal("0.00025"), "y_seconds": Decimal("0.000003"), "z_seconds": Decimal("8E-9")},
        ),
        ("pl=10%;20;60;0", {"pl_ratio": Decimal("0.1")}),
        ("packets=12c", {"packets_total": Decimal(12)}),
        (
            "size=20B a=1KB b=1kB c=2MB d=3GB e=1TB",
            {
                "size_bytes": 20,
                "a_bytes": 1000,
                "b_bytes": 1000,
                "c_bytes": 2_000_000,
                "d_bytes": 3 * 10**9,
                "e_bytes": 10**12,
            },
        ),
        ("/=1KiB;;; /var=2MiB", {"root_bytes": 1024, "var_bytes": 2 * 2**20}),
        ("'Free Space'=1B 'it''s'=2 'a=b'=3", {"free_space_bytes": 1, "it_s": 2, "a_b": 3}),
        ("time_seconds=1s", {"time_seconds": 1}),
        ("temp=20C flow=3l/min", {"temp_c": 20, "flow_l_min": 3}),
        ("x=U", {"x": None}),
        ("x=-1.5e3 y=.5 z=+2.", {"x": -1500, "y": Decimal("0.5"), "z": 2}),
        ("''=1", {"value": 1}),
        ("x=1,5", {"x": Unreadable("'x' is '1,5', which is no number")}),
        (
            "x=inf y=",
            {"x": Unreadable("'x' is 'inf', which is no number"), "y": Unreadable("'y' is '', which is no number")},
        ),
        ("x=1e999999", {"x": Unreadable("'x': the number \"1e999999\" is out of range")}),
        ("A=1 a=2", {"a": Unreadable("the plugin gives more than one value that is called a")}),
        ("x=1 x=1", {"x": Unreadable("the plugin gives more than one value that is called x")}),
        ("nonsense here = 3 'open=1", {}),
        ("", {}),
    ],
    ids=range(21),
)
def test_performance_data_is_named_by_label_and_base_unit(text, named):
    assert suggested(text) == named


MEASURES = nagios.plugin_output("OK | /=2MB used=12% time=5ms load1=0.5 temp=20C gone=U twice=1 twice=2").measures


@pytest.mark.parametrize(
    ("name", "label", "value"),
    [
        ("root_bytes", "/", 2_000_000),
        ("root", "/", 2_000_000),
        ("used_ratio", "used", Decimal("0.12")),
        ("used_percent", "used", 12),
        ("took_seconds", "time", Decimal("0.005")),
        ("took_ms", "time", 5),
        ("load", "load1", Decimal("0.5")),
        ("load_seconds", "load1", Decimal("0.5")),
        ("temperature", "temp", 20),
        ("gone_bytes", "gone", None),
        ("absent", "no such label", None),
        ("root_seconds", "/", Unreadable("'/' is 2MB, which does not fit the ending of root_seconds")),
        ("used_bytes", "used", Unreadable("'used' is 12%, which does not fit the ending of used_bytes")),
        ("twice", "twice", Unreadable("the plugin gives 'twice' 2 times")),
    ],
)
def test_what_the_operator_names_has_the_unit_that_its_name_promises(name, label, value):
    assert nagios.named(MEASURES, {name: label}) == {name: value}


def test_output_of_many_lines_is_taken_apart():
    text = "DISK OK - all fine | /=1MB;2;3\nlong text = 5\nmore | /var=2MB\n/tmp=3MB '/my disk'=4MB\n"
    plugin = nagios.plugin_output(text)
    assert plugin.message == "DISK OK - all fine"
    assert plugin.measures == (
        Measure("/", "1MB"),
        Measure("/var", "2MB"),
        Measure("/tmp", "3MB"),
        Measure("/my disk", "4MB"),
    )


@pytest.mark.parametrize(("exit_code", "status"), [(0, "OK"), (1, "WARNING"), (2, "CRITICAL")])
async def test_a_plugin_is_measured(exit_code, status):
    reading = await ExecProbe(
        command=("sh", "-c", f"echo 'LOAD {status} - 0.5 | load1=0.5;1;2 used=12%'; exit {exit_code}"),
        nagios=True,
        perfdata={"load": "load1", "used_percent": "used"},
        regex={"word": r"^LOAD (\w+)"},
    ).measure()
    assert (reading.exit_code, reading.status, reading.message) == (exit_code, status, f"LOAD {status} - 0.5")
    assert reading.named == {
        "load1": Decimal("0.5"),
        "used_ratio": Decimal("0.12"),
        "load": Decimal("0.5"),
        "used_percent": 12,
        "word": status,
    }


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("echo 'no route | x=1'; exit 3", "/bin/sh ended with exit code 3, which is UNKNOWN: no route"),
        ("exit 127", "/bin/sh ended with exit code 127, which is UNKNOWN"),
        ("echo half; kill -9 $$", "/bin/sh ended with SIGKILL, which is UNKNOWN: half"),
    ],
)
async def test_a_plugin_that_could_not_look_is_an_error(command, message):
    with pytest.raises(ProbeError) as caught:
        await ExecProbe(command=command, shell=True, nagios=True).measure()
    assert str(caught.value) == message


async def test_of_a_plugin_that_writes_garbage_nothing_is_known():
    reading = await ExecProbe(command=("printf", r"OK \377| x=1"), nagios=True, perfdata={"it": "x"}).measure()
    why = Unreadable("stdout: it is not UTF-8: byte 0xff at offset 3")
    assert (reading.status, reading.message, reading.stdout, reading.named) == ("OK", why, why, {"it": why})


async def test_of_a_plugin_that_leaves_its_output_open_nothing_is_known():
    text = "sleep 3 & echo 'OK - fine | x=1'"  # its grace is shorter
    reading = await ExecProbe(command=text, shell=True, nagios=True, perfdata={"it": "x"}).measure()
    why = Unreadable("stdout is still held open by a process that the command left running")
    assert (reading.exit_code, reading.status, reading.message) == (0, why, why)
    assert (reading.stdout, reading.named) == (why, {"it": why})


@settings(derandomize=True, database=None, deadline=None)
@given(st.text())
def test_nothing_that_a_plugin_writes_makes_it_raise(text):
    plugin = nagios.plugin_output(f"OK | {text}")
    for name, value in nagios.suggested(plugin.measures).items():
        assert name
        assert value is None or isinstance(value, Decimal | Unreadable)
