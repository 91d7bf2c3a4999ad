"""`gonogo demo`, as a newcomer uses it."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import dns.message
import dns.query
import httpx
import pytest

from agent import cli
from agent.cli.demo import command
from agent.demo.faults import FAULTS
from agent.demo.system import FIXED, Ports, sample

ROOT = Path(__file__).parents[3]


def test_the_faults_are_listed(capsys):
    assert cli.invoke(["demo", "--faults"]) == (0, False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(FAULTS)
    assert lines[0] == "slow                   NO-GO         the shop takes two seconds to answer"


def test_a_misspelt_fault_is_told(capsys):
    assert cli.invoke(["demo", "--break", "slwo"])[0] == 2
    assert "there is no fault 'slwo', did you mean 'slow'?; see --faults" in capsys.readouterr().err


def test_the_demo_says_what_it_does(capsys):
    assert cli.invoke(["demo", "--break", "half-up"])[0] == 1
    said = capsys.readouterr()
    assert said.err.startswith("demo: a small shop on this machine, broken: one of two replicas is down\n")
    assert said.out.startswith("NO-GO: Demo shop\n")


def test_the_served_sample_is_what_the_profile_looks_at_by_itself(tmp_path):
    """The README's two terminals: `gonogo demo --serve`, and `gonogo run profiles/demo.yaml`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    serve = [sys.executable, "-m", "agent", "demo", "--serve"]
    with _alone(), subprocess.Popen(serve, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as server:
        said = [server.stderr.readline() for _ in range(3)]
        assert said[0] == "The sample system is running; in another terminal here:\n"
        assert said[2] == "Ctrl-C ends it.\n"
        *secrets, _, _, profile = said[1].split()
        told = dict(secret.split("=", 1) for secret in secrets)
        run = [sys.executable, "-m", "agent", "run", str(ROOT / profile), "-q"]
        found = subprocess.run(
            run, cwd=tmp_path, env={**environment, **told}, capture_output=True, text=True, check=False
        )
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
    assert (found.returncode, found.stdout.partition("\n")[0]) == (0, "GO: Demo shop")
    assert told.keys() == {"DEMO_STATUS_TOKEN", "DEMO_PASSWORD"}


def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"), sample(ports=Ports(status=port), directory=tmp_path):
            pass


def test_the_fixed_ports_are_those_of_the_profile():
    text = (ROOT / "profiles" / "demo.yaml").read_text()
    named = {"shop": "shop_port", "replica": "replica_port", "edge": "edge_port", "queue": "queue_port"}
    named |= {"status": "status_port", "dns": "dns_port", "second_dns": "second_dns_port"}
    assert all(f"  {name}: {getattr(FIXED, part)}\n" in text for part, name in named.items())


def test_the_sample_leaves_no_secret_behind(monkeypatch):
    monkeypatch.setenv("DEMO_PASSWORD", "mine")
    monkeypatch.delenv("DEMO_STATUS_TOKEN", raising=False)
    with sample() as variables:
        assert os.environ["DEMO_PASSWORD"] != "mine"
        place = Path(variables["directory"])
        assert place.is_dir()
    assert (os.environ["DEMO_PASSWORD"], "DEMO_STATUS_TOKEN" in os.environ, place.exists()) == ("mine", False, False)


def test_the_shell_completes_faults():
    parameter = next(one for one in command.params if one.name == "fault")
    found = parameter.shell_complete(None, "dns-")
    assert [item.value for item in found] == ["dns-missing", "dns-disagrees"]


def test_serving_ends_with_a_signal(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    stopper = threading.Thread(target=_interrupt_when, args=(FIXED.second_dns,))
    with _alone():
        stopper.start()
        try:
            assert cli.invoke(["demo", "--serve"])[0] == 0
        finally:
            stopper.join()
            for number, handler in before.items():
                signal.signal(number, handler)
    assert capsys.readouterr().err.endswith("Ctrl-C ends it.\n")


def _interrupt_when(port):
    """Send SIGINT to this process when something answers at a UDP port."""
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.2)
        asking.connect(("127.0.0.1", port))
        ends = time.monotonic() + 30
        while time.monotonic() < ends:
            with suppress(OSError):
                asking.send(dns.message.make_query("shop.demo.test", "A").to_wire())
                asking.recv(512)
                os.kill(os.getpid(), signal.SIGINT)
                return


def test_a_sample_that_cannot_start_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with _alone(), socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", FIXED.status))
        taken.listen()
        assert cli.invoke(["demo", "--serve"])[0] == 2
    assert "the sample system cannot start: [Errno 98] Address already in use" in capsys.readouterr().err


def test_the_parts_answer_what_nobody_should_ask():
    with sample() as variables, httpx.Client(base_url=f"http://127.0.0.1:{variables['shop_port']}") as client:
        assert client.get("/nothing").status_code == 404
        assert client.post("/login", json={"user": "smoke", "password": "wrong"}).status_code == 401
        assert client.get("/orders").status_code == 401
        asked = dns.message.make_query("shop.demo.test", "AAAA")
        answer = dns.query.udp(asked, "127.0.0.1", port=int(variables["dns_port"]), timeout=5)
        assert (answer.rcode(), answer.answer) == (dns.rcode.NOERROR, [])


@contextmanager
def _alone():
    """Keep the fixed ports to one test at a time, in whatever process."""
    with Path(tempfile.gettempdir(), "gonogo-demo-ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
