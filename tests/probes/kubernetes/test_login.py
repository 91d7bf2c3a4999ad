"""Where the API server is and as whom it is asked: kubeconfigs, and the service account of a pod."""

import base64
import os
import re
import socket
import threading
from pathlib import Path

import pytest
import yaml

from agent.probe import ProbeError, Unreachable
from probes.kubernetes.access import Source, log_in
from probes.kubernetes.memory import MemoryFile
from probes.kubernetes.version import VersionProbe, VersionReading

VERSION = VersionReading(version="1.31.2", git_version="v1.31.2", major=1, minor=31, platform="linux/amd64")


@pytest.fixture
def secure(serve, tls):
    """An API server with TLS that knows one token."""
    api = serve(tls=tls())
    api.tokens = {"t0ken": "dana"}
    return api


def coded(path):
    return base64.b64encode(Path(path).read_bytes()).decode()


async def ask(path, **settings):
    probe = VersionProbe(kubeconfig=path, **settings)
    probe.prepare()
    return await probe.measure()


@pytest.mark.parametrize("inline", [True, False], ids=["authority inline", "authority in a file"])
async def test_a_token(secure, kubeconfig, ca, inline):
    cluster = {"certificate-authority-data": coded(ca)} if inline else {"certificate-authority": ca}
    assert await ask(kubeconfig(secure.url, {"token": "t0ken"}, cluster)) == VERSION
    assert secure.asked[0].headers["authorization"] == "Bearer t0ken"


async def test_files_are_relative_to_the_kubeconfig(secure, kubeconfig, ca, tmp_path):
    (tmp_path / "ca.pem").write_bytes(Path(ca).read_bytes())
    (tmp_path / "token").write_text("t0ken\n")
    path = kubeconfig(secure.url, {"tokenFile": "token"}, {"certificate-authority": "ca.pem"})
    assert await ask(path) == VERSION


async def test_a_token_file_is_read_each_time_and_counts_more_than_a_token(secure, kubeconfig, ca, tmp_path):
    token = tmp_path / "token"
    token.write_text("t0ken")
    path = kubeconfig(secure.url, {"token": "old", "tokenFile": str(token)}, {"certificate-authority": ca})
    assert await ask(path) == VERSION
    secure.tokens = {"next": "dana"}
    token.write_text("next")
    assert await ask(path) == VERSION


async def test_user_and_password(secure, kubeconfig, ca):
    secure.tokens = {"Basic " + base64.b64encode(b"dana:s3cret").decode(): "dana"}
    user = {"username": "dana", "password": "s3cret"}
    assert await ask(kubeconfig(secure.url, user, {"certificate-authority": ca})) == VERSION


@pytest.fixture(scope="session")
def identity(authority, tmp_path_factory):
    """Certificate and key of a client."""
    folder = tmp_path_factory.mktemp("identity")
    issued = authority.issue_cert("dana")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.fixture
def mutual(serve, tls, kubeconfig, ca):
    """Write a kubeconfig for an API server that asks for a certificate."""
    api = serve(tls=tls(clients=True))
    return lambda user: kubeconfig(api.url, user, {"certificate-authority": ca})


async def test_a_client_certificate(mutual, identity):
    cert, key = identity
    assert await ask(mutual({"client-certificate": cert, "client-key": key})) == VERSION


async def test_a_key_within_a_kubeconfig_is_not_written_to_a_disk(mutual, identity, monkeypatch, tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    cert, key = identity
    assert await ask(mutual({"client-certificate-data": coded(cert), "client-key-data": coded(key)})) == VERSION
    assert list(folder.iterdir()) == []


def test_where_files_cannot_be_in_memory_they_are_temporary(monkeypatch, tmp_path):
    monkeypatch.delattr("os.memfd_create")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file = MemoryFile(b"key")
    assert (Path(file.path).parent, Path(file.path).read_bytes()) == (tmp_path, b"key")
    assert Path(file.path).stat().st_mode & 0o077 == 0
    del file
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_memory_is_gone_with_whom_it_belonged_to():
    file = MemoryFile(b"key")
    path = Path(file.path)
    assert path.read_bytes() == b"key"
    number = path.name
    del file
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(int(number))


async def test_an_authority_that_did_not_sign_is_not_trusted(secure, kubeconfig, identity):
    path = kubeconfig(secure.url, {"token": "t0ken"}, {"certificate-authority": identity[0]})
    with pytest.raises(Unreachable, match=f"^API server {secure.place}: certificate is not trusted: "):
        await ask(path)
    assert secure.asked == []


async def test_unverified_if_told_so(secure, kubeconfig):
    assert await ask(kubeconfig(secure.url, {"token": "t0ken"}, {"insecure-skip-tls-verify": True})) == VERSION


async def test_the_name_in_the_certificate_may_be_told(serve, tls, kubeconfig, ca):
    api = serve(tls=tls("kubernetes.internal"))
    with pytest.raises(Unreachable, match="certificate is not trusted: IP address mismatch"):
        await ask(kubeconfig(api.url, {}, {"certificate-authority": ca}))
    cluster = {"certificate-authority": ca, "tls-server-name": "kubernetes.internal"}
    assert await ask(kubeconfig(api.url, {}, cluster)) == VERSION


async def test_a_path_in_front_of_the_api(api, kubeconfig):
    api.say("/k8s/clusters/c-1/version", lambda asked: api.answer(asked._replace(path="/version")))
    assert await ask(kubeconfig(f"{api.url}/k8s/clusters/c-1/")) == VERSION
    assert api.paths == ["/k8s/clusters/c-1/version"]


async def test_rights_of_somebody_else(secure, kubeconfig, ca):
    user = {
        "token": "t0ken",
        "as": "auditor",
        "as-uid": "7",
        "as-groups": ["a", "b"],
        "as-user-extra": {"scopes/x": ["view"]},
    }
    assert await ask(kubeconfig(secure.url, user, {"certificate-authority": ca})) == VERSION
    headers = secure.asked[0].headers
    told = {name: value for name, value in headers.items() if name.startswith("impersonate")}
    assert told == {
        "impersonate-user": "auditor",
        "impersonate-uid": "7",
        "impersonate-group": "b",  # the server keeps the last of several
        "impersonate-extra-scopes%2fx": "view",
    }


async def test_nothing_secret_is_shown_to_a_server_without_tls(api, kubeconfig):
    assert await ask(kubeconfig(api.url, {"token": "t0ken", "as": "auditor"})) == VERSION
    assert not {"authorization", "impersonate-user"} & api.asked[0].headers.keys()


async def test_proxies_of_the_environment_are_ignored(api, kubeconfig, monkeypatch, nobody):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{nobody}")
    assert await ask(kubeconfig(api.url)) == VERSION


@pytest.fixture
def proxy():
    """An HTTP proxy that tunnels; gives its address and what it was asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked = []

    def pump(source, sink):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

    def serve_one():
        client, _ = listener.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        asked.append(head.decode())
        host, port = head.split()[1].decode().rsplit(":", 1)
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        back = threading.Thread(target=pump, args=(server, client), daemon=True)
        back.start()
        pump(client, server)
        back.join(5)
        client.close()
        server.close()

    thread = threading.Thread(target=serve_one, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}", asked
    listener.close()
    thread.join(5)


async def test_through_the_proxy_of_the_kubeconfig(secure, kubeconfig, ca, proxy):
    place, asked = proxy
    cluster = {"certificate-authority": ca, "proxy-url": f"http://user:pass@{place}"}
    assert await ask(kubeconfig(secure.url, {"token": "t0ken"}, cluster)) == VERSION
    assert asked[0].startswith(f"CONNECT {secure.place} HTTP/1.1\r\n")


# ---- which kubeconfig, which context


async def test_the_variable(api, kubeconfig, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", kubeconfig(api.url))
    assert await ask(None) == VERSION


async def test_the_usual_place(api, kubeconfig, tmp_path):
    path = Path(kubeconfig(api.url))
    (tmp_path / ".kube").mkdir()
    path.rename(tmp_path / ".kube" / "config")
    assert await ask(None) == VERSION


async def test_a_home_in_the_setting(api, kubeconfig):
    kubeconfig(api.url)
    assert await ask("~/config") == VERSION


async def test_several_files_are_one(api, kubeconfig, tmp_path, monkeypatch):
    whole = yaml.safe_load(Path(kubeconfig(api.url)).read_text())
    for name in ("clusters", "contexts", "users"):
        part = {"apiVersion": "v1", "kind": "Config", name: whole[name]}
        (tmp_path / name).write_text(yaml.safe_dump(part))
    (tmp_path / "users").write_text(yaml.safe_dump({"users": whole["users"], "current-context": "test"}))
    monkeypatch.setenv(
        "KUBECONFIG", ":".join(str(tmp_path / name) for name in ("contexts", "gone", "clusters", "users"))
    )
    assert await ask(None) == VERSION


async def test_another_context(api, kubeconfig, nobody):
    path = Path(kubeconfig(f"http://127.0.0.1:{nobody}"))
    content = yaml.safe_load(path.read_text())
    content["clusters"].append({"name": "there", "cluster": {"server": api.url}})
    content["contexts"].append({"name": "prod", "context": {"cluster": "there", "user": "dana"}})
    path.write_text(yaml.safe_dump(content))
    assert await ask(str(path), context="prod") == VERSION
    assert log_in(Source(str(path), "prod")).namespace == "default"
    assert log_in(Source(str(path))).namespace == "shop"


async def test_a_changed_kubeconfig_is_read_anew(api, serve, kubeconfig):
    assert await ask(kubeconfig(api.url)) == VERSION
    other = serve()
    assert await ask(kubeconfig(other.url + "/")) == VERSION
    assert len(other.asked) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"current-context": ""}, "has no current-context: give `context`"),
        ({"current-context": "prod"}, "current-context is prod, which is not among its contexts (test)"),
        ({"contexts": []}, "current-context is test, which is not among its contexts (none)"),
        ({"contexts": [{"name": "test"}]}, "current-context is test, which is not among its contexts (test)"),
        ({"clusters": []}, "context test names the cluster here, which is not among its clusters (none)"),
        ({"users": []}, "context test names the user dana, which is not among its users (none)"),
        ({"users": None}, "context test names the user dana, which is not among its users (none)"),
        ({"users": "dana"}, "is not a kubeconfig"),
        ({"users": [{"user": {"token": "s3cret"}}]}, "is not a kubeconfig"),
        ({"users": [["s3cret"]]}, "is not a kubeconfig"),
    ],
)
def test_what_is_missing_is_named(kubeconfig, change, message):
    path = Path(kubeconfig("https://127.0.0.1:1"))
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | change))
    with pytest.raises(ProbeError, match=f"^{re.escape(f'kubeconfig {path}: {message}')}$"):
        VersionProbe(kubeconfig=str(path)).prepare()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a kubeconfig"),
        ("[]", "is not a kubeconfig"),
        ("clusters: [\n", "is not a kubeconfig: not YAML at line 2"),
        ("a: !!python/object/apply:os.system [false]", "is not a kubeconfig: not YAML at line 1"),
        ("\udc80", "is not a kubeconfig"),
    ],
)
def test_what_is_no_kubeconfig(tmp_path, text, message):
    path = tmp_path / "config"
    path.write_text(text, errors="surrogateescape")
    with pytest.raises(ProbeError, match=f"^{re.escape(f'kubeconfig {path}: {message}')}$"):
        VersionProbe(kubeconfig=str(path)).prepare()


@pytest.mark.parametrize(
    ("user", "cluster", "message"),
    [
        ({"auth-provider": {"name": "azure"}}, {}, "user dana has no credentials that can be used (auth-provider)"),
        ({"username": "dana"}, {}, "user dana has no credentials that can be used (username)"),
        ({"token": ""}, {}, "user dana has no credentials that can be used (token)"),
        ({"tokenFile": "/nowhere/token"}, {}, "tokenFile /nowhere/token: no such file or directory"),
        ({"tokenFile": "/dev/null"}, {}, "tokenFile /dev/null: is empty"),
        ({}, {"server": ""}, "the server's address is not an absolute URL, expected http:// or https:// first"),
        ({}, {"server": "ftp://a"}, "the server's address has the scheme ftp:, expected http or https"),
        ({}, {"certificate-authority": "/nowhere/ca"}, "there is no file /nowhere/ca"),
        ({"client-certificate": "/nowhere/cert"}, {}, "there is no file /nowhere/cert"),
        (
            {},
            {"certificate-authority-data": base64.b64encode(b"no certificate").decode()},
            "certificate-authority-data: holds no certificate in PEM",
        ),
        (
            {},
            {"proxy-url": "socks5://127.0.0.1:1"},
            "proxy-url has the scheme socks5:, expected http or https",
        ),
        (
            {},
            {"proxy-url": "https://127.0.0.1:1"},
            "proxy-url is not an http:// URL, and no other kind of proxy is known",
        ),
        ({"auth-provider": {"name": "oidc", "config": {}}}, {}, "lacks the key id-token"),
        ({"token": {"s3cret": 1}, "auth-provider": 7}, {}, "is not as a kubeconfig should be"),
    ],
)
def test_what_cannot_be_used_is_named(kubeconfig, user, cluster, message):
    path = kubeconfig("https://127.0.0.1:1", user, cluster)
    with pytest.raises(ProbeError, match=f"^{re.escape(f'kubeconfig {path} (context test): {message}')}$"):
        VersionProbe(kubeconfig=path).prepare()


def test_data_that_is_not_base64(kubeconfig):
    path = kubeconfig("https://127.0.0.1:1", {"client-certificate-data": "s3cret!", "client-key-data": "s3cret!"})
    with pytest.raises(ProbeError, match=f"^kubeconfig {path}: client-certificate-data is not base64$"):
        VersionProbe(kubeconfig=path).prepare()


@pytest.mark.parametrize("named", ["/nowhere/config", "~/nowhere"])
def test_a_kubeconfig_that_is_not_there(named, tmp_path, monkeypatch):
    path = named.replace("~", str(tmp_path))
    with pytest.raises(ProbeError, match=f"^kubeconfig {path}: no such file$"):
        VersionProbe(kubeconfig=named).prepare()
    monkeypatch.setenv("KUBECONFIG", named)
    with pytest.raises(ProbeError, match=rf"^kubeconfig {path} \(named by KUBECONFIG\): no such file$"):
        VersionProbe().prepare()


def test_a_folder_is_no_kubeconfig(tmp_path):
    with pytest.raises(ProbeError, match=f"^kubeconfig {tmp_path}: is a directory$"):
        VersionProbe(kubeconfig=str(tmp_path)).prepare()


def test_nothing_at_all(tmp_path):
    message = (
        "no kubeconfig: the setting kubeconfig and KUBECONFIG are not given, ~/.kube/config is not there, "
        "and this is no pod (KUBERNETES_SERVICE_HOST)"
    )
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        VersionProbe().prepare()


def test_a_token_is_in_no_message(kubeconfig):
    """The library would show the whole entry of a user."""
    path = kubeconfig("https://127.0.0.1:1", {"token": "s3cret", "exec": {"args": ["s3cret"]}})
    login = log_in(Source(path))
    assert (login.authorization, login.plugin) == ("Bearer s3cret", None)
    path = kubeconfig("https://127.0.0.1:1", {"exec": {"args": ["s3cret"]}})
    with pytest.raises(ProbeError) as caught:
        log_in(Source(path))
    assert str(caught.value) == f"kubeconfig {path} (context test): exec of user dana is not as it should be"


# ---- in a pod


@pytest.fixture
def pod(secure, ca, tmp_path, monkeypatch):
    """The surroundings of a pod: variables, and the files of its service account."""
    (tmp_path / "token").write_text("t0ken")
    (tmp_path / "namespace").write_text("ci\n")
    (tmp_path / "ca.crt").write_bytes(Path(ca).read_bytes())
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(secure.port))
    return tmp_path


async def test_as_the_service_account_of_a_pod(pod, secure):
    assert await ask(None) == VERSION
    assert log_in(Source()).namespace == "ci"
    assert secure.asked[0].headers["authorization"] == "Bearer t0ken"


async def test_its_token_rotates(pod, secure):
    assert await ask(None) == VERSION
    secure.tokens = {"next": "dana"}
    (pod / "token").write_text("next\n")
    assert await ask(None) == VERSION


async def test_a_token_that_rotates_between_reading_and_asking_is_read_again(pod, secure):
    """A 401 is looked into once: the file may have changed meanwhile."""

    def rotate(asked):
        (pod / "token").write_text("next")
        secure.tokens = {"next": "dana"}

    secure.say("/version", rotate, times=1)
    assert await ask(None) == VERSION
    assert [one.headers["authorization"] for one in secure.asked] == ["Bearer t0ken", "Bearer next"]


async def test_a_kubeconfig_counts_more_than_the_pod(pod, api, kubeconfig):
    assert await ask(kubeconfig(api.url)) == VERSION
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("token", "service token file does not exist"),
        ("ca.crt", "service certification file does not exist"),
    ],
)
def test_what_a_pod_lacks_is_named(pod, file, message):
    (pod / file).unlink()
    with pytest.raises(ProbeError, match=f"^the service account of this pod: {message} \\({pod}/token\\)$"):
        VersionProbe().prepare()


def test_a_pod_without_the_file_of_its_namespace(pod):
    (pod / "namespace").unlink()
    message = f"the service account of this pod: {pod}/namespace: no such file or directory"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        VersionProbe().prepare()


def test_a_pod_has_no_contexts(pod):
    with pytest.raises(ProbeError, match=r"^no kubeconfig, in which the context prod could be: this is a pod$"):
        VersionProbe(context="prod").prepare()
