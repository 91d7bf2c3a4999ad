"""Credentials from an exec plugin of a kubeconfig."""

import json
import re
import stat
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from agent.probe import ProbeError, Unreachable
from probes.kubernetes.plugin import Plugin, credential
from probes.kubernetes.version import VersionProbe, VersionReading

VERSION = VersionReading(version="1.31.2", git_version="v1.31.2", major=1, minor=31, platform="linux/amd64")
API = "client.authentication.k8s.io/v1"


@pytest.fixture
def secure(serve, tls):
    """An API server with TLS that knows one token."""
    api = serve(tls=tls())
    api.tokens = {"t0ken": "dana"}
    return api


@pytest.fixture
def plugin(tmp_path):
    """Write a plugin, a shell script; each run leaves a line in `runs`."""

    def write(script, name="plugin"):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\n{textwrap.dedent(script)}")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return write


@pytest.fixture
def runs(tmp_path):
    """Tell how often the plugin ran."""
    return lambda: (tmp_path / "runs").read_text().count("run")


def moment(ahead):
    """A time so many seconds from now, as plugins write it."""
    return (datetime.now(UTC) + timedelta(seconds=ahead)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def gives(version=API, kind="ExecCredential", **status):
    """A script that gives this credential."""
    answer = {"apiVersion": version, "kind": kind, "status": status}
    return f"cat <<'END'\n{json.dumps(answer)}\nEND"


@pytest.fixture
def probe(secure, kubeconfig, ca):
    """A probe whose user has a plugin."""

    def make(command, **more):
        user = {"exec": {"apiVersion": API, "command": command, "interactiveMode": "Never", **more}}
        return VersionProbe(kubeconfig=kubeconfig(secure.url, user, {"certificate-authority": ca}))

    return make


async def ask(probe):
    probe.prepare()
    return await probe.measure()


async def test_a_token(probe, plugin, secure):
    assert await ask(probe(plugin(gives(token="t0ken\n")))) == VERSION
    assert secure.asked[0].headers["authorization"] == "Bearer t0ken"


async def test_it_is_given_arguments_variables_and_what_it_is_asked(probe, plugin, tmp_path, monkeypatch, secure):
    monkeypatch.setenv("AWS_PROFILE", "shop")
    command = plugin(
        f"""
        echo "$1 $CLUSTER $AWS_PROFILE" > {tmp_path}/told
        echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info
        {gives(token="t0ken")}
        """
    )
    wanted = probe(command, args=["token"], env=[{"name": "CLUSTER", "value": "c-1"}], provideClusterInfo=True)
    assert await ask(wanted) == VERSION
    assert (tmp_path / "told").read_text() == "token c-1 shop\n"
    info = json.loads((tmp_path / "info").read_text())
    authority = info["spec"]["cluster"].pop("certificate-authority-data")
    assert authority
    assert info == {
        "apiVersion": API,
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": secure.url}},
    }


async def test_a_name_without_a_slash_is_looked_for_in_path(probe, plugin, tmp_path, monkeypatch):
    plugin(gives(token="t0ken"), "get-token")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert await ask(probe("get-token")) == VERSION


async def test_a_path_is_relative_to_the_kubeconfig(probe, plugin):
    plugin(gives(token="t0ken"))
    assert await ask(probe("./plugin")) == VERSION


@pytest.fixture
def mutual(serve, tls, kubeconfig, ca):
    """A probe of a server that asks for a certificate, whose user has a plugin."""

    def make(command):
        user = {"exec": {"apiVersion": API, "command": command}}
        path = kubeconfig(serve(tls=tls(clients=True)).url, user, {"certificate-authority": ca})
        return VersionProbe(kubeconfig=path)

    return make


async def test_a_client_certificate(mutual, authority, plugin):
    issued = authority.issue_cert("dana")
    cert, key = issued.cert_chain_pems[0].bytes().decode(), issued.private_key_pem.bytes().decode()
    assert await ask(mutual(plugin(gives(clientCertificateData=cert, clientKeyData=key)))) == VERSION


async def test_it_runs_once_for_all_who_ask(probe, plugin, runs):
    wanted = probe(plugin(gives(token="t0ken")))
    found = []

    async def take():
        found.append(await wanted.measure())

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(take)
    assert (found, runs()) == ([VERSION] * 10, 1)


async def test_it_fails_once_for_all_who_wait(plugin, runs):
    wanted = Plugin((plugin("exit 1"),), API)
    failed = []

    async def take():
        with pytest.raises(ProbeError, match=r"ended with exit code 1$"):
            await credential(wanted)
        failed.append(1)

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(take)
    assert (len(failed), runs()) == (10, 1)
    await take()
    assert runs() == 2  # who comes later tries anew


@pytest.mark.parametrize("ahead", [3600, None])
async def test_a_credential_is_kept_until_it_is_about_to_expire(probe, plugin, runs, ahead):
    expiry = {} if ahead is None else {"expirationTimestamp": moment(ahead)}
    wanted = probe(plugin(gives(token="t0ken", **expiry)))
    assert [await ask(wanted), await ask(wanted)] == [VERSION, VERSION]
    assert runs() == 1


async def test_a_credential_that_is_about_to_expire_is_renewed(probe, plugin, runs, tmp_path):
    answers = [{"token": "t0ken", "expirationTimestamp": moment(ahead)} for ahead in (10.5, 3600)]
    for number, status in enumerate(answers):
        (tmp_path / str(number)).write_text(json.dumps({"apiVersion": API, "kind": "ExecCredential", "status": status}))
    wanted = probe(plugin(f"cat {tmp_path}/0; mv -f {tmp_path}/1 {tmp_path}/0 2>&-; true"))
    assert await ask(wanted) == VERSION
    with anyio.fail_after(10):
        while runs() == 1:  # the first is of use for half a second
            assert await ask(wanted) == VERSION
    assert await ask(wanted) == VERSION
    assert runs() == 2


async def test_a_credential_that_is_refused_is_renewed_once(probe, plugin, runs, secure, tmp_path):
    (tmp_path / "token").write_text("t0ken")
    command = plugin(
        f"""
        printf '{{"apiVersion": "{API}", "kind": "ExecCredential",'
        printf ' "status": {{"token": "%s"}}}}' "$(cat {tmp_path}/token)"
        """
    )
    wanted = probe(command)
    assert await ask(wanted) == VERSION
    secure.tokens = {"next": "dana"}
    (tmp_path / "token").write_text("next")
    assert await ask(wanted) == VERSION
    assert runs() == 2
    secure.tokens = {"another": "dana"}
    with pytest.raises(ProbeError, match=f"^API server {secure.place}: does not accept the credentials of kubeconfig "):
        await ask(wanted)
    assert runs() == 3


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo one >&2; echo 'Unable to locate credentials' >&2; exit 255",
         "ended with exit code 255: Unable to locate credentials"),
        ("exit 1", "ended with exit code 1"),
        ("echo s3cret", "wrote what is no ExecCredential"),
        ("printf '\\377'", "wrote what is no ExecCredential"),
        ("echo '{}'", "wrote what is no ExecCredential"),
        ("", "wrote what is no ExecCredential"),
        (gives(token=7), "wrote what is no ExecCredential"),
        (gives(token="s3cret", expirationTimestamp="soon"), "wrote what is no ExecCredential"),
        (gives(version="client.authentication.k8s.io/v1beta1", token="s3cret"),
         "wrote ExecCredential of client.authentication.k8s.io/v1beta1, "
         "expected ExecCredential of client.authentication.k8s.io/v1"),
        (gives(kind="Status", token="s3cret"),
         "wrote Status of client.authentication.k8s.io/v1, expected ExecCredential of client.authentication.k8s.io/v1"),
        (gives(), "gave neither a token nor a certificate"),
        (gives(clientCertificateData="s3cret"), "gave a certificate without its key, or a key without its certificate"),
        (gives(token="s3cret", expirationTimestamp="2026-01-01T00:00:00Z"),
         "gave a credential that expires at 2026-01-01T00:00:00Z"),
    ],
)  # fmt: skip
async def test_what_gives_no_credential(probe, plugin, secure, script, message):
    command = plugin(script)
    with pytest.raises(ProbeError, match=f"^{re.escape(f'the credential plugin {command} {message}')}$"):
        await ask(probe(command))
    assert secure.asked == []


async def test_a_certificate_that_is_none(probe, plugin):
    wanted = probe(plugin(gives(clientCertificateData="s3cret", clientKeyData="s3cret")))
    source = f"kubeconfig {wanted.kubeconfig} (context test)"
    message = f"{source}: the certificate that the credential plugin gave is no good"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await ask(wanted)


async def test_one_that_is_not_installed(probe):
    wanted = probe("get-token", installHint="brew install\n get-token")
    message = "the credential plugin cannot be run: get-token: no such command (brew install get-token)"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await ask(wanted)


async def test_one_that_writes_without_end(probe, plugin):
    command = plugin("yes")
    message = f"the credential plugin cannot be run: {command} wrote more than 1048576 bytes to stdout"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await ask(probe(command))


async def appears(path):
    """Wait for a file that another process makes."""
    with anyio.fail_after(30):
        while not path.exists() or not path.read_text():
            await anyio.sleep(0)


async def test_one_that_hangs_is_ended(probe, plugin, tmp_path):
    pid = tmp_path / "pid"
    wanted = probe(plugin(f"echo $$ > {pid}; exec sleep 600"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wanted.measure)
        await appears(pid)
        tasks.cancel_scope.cancel()
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()


async def test_who_waited_for_one_that_was_ended_runs_it_anew(plugin, runs, tmp_path):
    first = tmp_path / "first"
    wanted = Plugin((plugin(f"test -e {first} || {{ echo > {first}; exec sleep 600; }}\n{gives(token='t0ken')}"),), API)
    found = []

    async def wait():
        found.append(await credential(wanted))

    async with anyio.create_task_group() as waiting, anyio.create_task_group() as giving_up:
        giving_up.start_soon(credential, wanted)
        await appears(first)
        waiting.start_soon(wait)
        await anyio.lowlevel.checkpoint()
        giving_up.cancel_scope.cancel()
    assert ([one.authorization for one in found], runs()) == (["Bearer t0ken"], 2)


async def test_it_is_not_run_for_a_server_without_tls(api, kubeconfig, plugin, tmp_path):
    user = {"exec": {"apiVersion": API, "command": plugin(gives(token="t0ken"))}}
    assert await ask(VersionProbe(kubeconfig=kubeconfig(api.url, user))) == VERSION
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"apiVersion": "client.authentication.k8s.io/v1alpha1"},
         "the credential plugin get-token speaks client.authentication.k8s.io/v1alpha1, expected v1 or v1beta1"),
        ({"interactiveMode": "Always"}, "the credential plugin get-token wants a terminal"),
        ({"env": [{"value": "s3cret"}]}, "exec of user dana is not as it should be"),
        ({"args": 7}, "exec of user dana is not as it should be"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_told_before(probe, more, message):
    wanted = probe("get-token", **more)
    source = f"kubeconfig {wanted.kubeconfig} (context test)"
    with pytest.raises(ProbeError, match=f"^{re.escape(f'{source}: {message}')}$"):
        wanted.prepare()


async def test_an_authority_that_is_not_there_for_the_plugin(secure, kubeconfig):
    user = {"exec": {"apiVersion": API, "command": "get-token", "provideClusterInfo": True}}
    path = kubeconfig(secure.url, user, {"extensions": [{"name": "client.authentication.k8s.io/exec", "extension": 7}]})
    with pytest.raises(ProbeError, match=r"^the credential plugin cannot be run: get-token: no such command$"):
        await ask(VersionProbe(kubeconfig=path))


async def test_its_token_is_of_no_use_where_the_server_is_not_trusted(probe, plugin, secure, kubeconfig):
    user = {"exec": {"apiVersion": API, "command": plugin(gives(token="t0ken"))}}
    with pytest.raises(Unreachable, match="certificate is not trusted"):
        await ask(VersionProbe(kubeconfig=kubeconfig(secure.url, user)))
    assert secure.asked == []
