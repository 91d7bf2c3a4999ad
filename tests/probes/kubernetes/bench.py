"""A namespace of 2,000 pods: time, CPU and memory beside httpx and json doing the same.

`python -m tests.probes.kubernetes.bench [PODS]`.  Server and every look are processes of their own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx

from .server import load

DATA = Path(__file__).parent / "data"
HERE = "tests.probes.kubernetes.bench"
PODS = "/api/v1/namespaces/shop/pods"


def serve(count):
    """Serve a finished rollout of so many pods of 9 kB; prints the port."""
    deployment, *sets, pod, _, _ = load(DATA / "deployment-finished.yaml")
    counters = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    deployment["spec"]["replicas"] = count
    deployment["status"] |= dict.fromkeys(counters, count)
    pod["spec"]["containers"][0]["env"] = [{"name": f"VARIABLE_{n}", "value": "x" * 40} for n in range(60)]
    pod["metadata"]["managedFields"][0]["fieldsV1"] = {f"f:{n}": {"f:name": {}} for n in range(160)}
    items = [json.dumps({**pod, "metadata": {**pod["metadata"], "name": f"shop-{n}"}}).encode() for n in range(count)]
    others = {"/deployments/": deployment, "/replicasets": {"kind": "ReplicaSetList", "metadata": {}, "items": sets}}

    def page(query):
        start = int(query.get("continue", ["0"])[0])
        end = start + int(query.get("limit", [str(count)])[0])
        more = b'"continue":"%d"' % end if end < count else b""
        return b'{"kind":"PodList","metadata":{%s},"items":[%s]}' % (more, b",".join(items[start:end]))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked = urlsplit(self.path)
            found = [json.dumps(one).encode() for path, one in others.items() if path in asked.path]
            body = found[0] if found else page(parse_qs(asked.query))
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


async def bare(url, _):
    """The whole list at once, which is what most write."""
    async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
        return _ready(json.loads((await client.get(url + PODS)).content))


async def paged(url, _):
    """The same page by page."""
    found, more = 0, {}
    async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
        while True:
            listed = json.loads((await client.get(url + PODS, params={"limit": 500, **more})).content)
            found += _ready(listed)
            if "continue" not in listed["metadata"]:
                return found
            more = {"continue": listed["metadata"]["continue"]}


def _ready(listed):
    conditions = [one["status"]["conditions"] for one in listed["items"]]
    return sum(any(one["type"] == "Ready" and one["status"] == "True" for one in every) for every in conditions)


async def pods(_, config):
    from probes.kubernetes.pods import PodsProbe  # noqa: PLC0415

    return (await PodsProbe(kubeconfig=config).measure()).ready


async def rollout(_, config):
    from probes.kubernetes.rollout import RolloutProbe  # noqa: PLC0415

    return (await RolloutProbe(kubeconfig=config, deployment="shop-api").measure()).ready


LOOKS = {look.__name__: look for look in (bare, paged, pods, rollout)}


def measure(name, url, config):
    """Look once; prints seconds, seconds of CPU and MiB above what was loaded before."""
    if name in ("pods", "rollout"):
        from probes.kubernetes.rollout import RolloutProbe  # noqa: PLC0415

        RolloutProbe(kubeconfig=config, deployment="shop-api").prepare()

    async def look():
        await anyio.to_thread.run_sync(int)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started, cpu = time.perf_counter(), time.process_time()
        ready = await LOOKS[name](url, config)
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
        return ready, wall, cpu, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    print(json.dumps(anyio.run(look)))


def main(count):
    command = [sys.executable, "-m", HERE]
    server = subprocess.Popen([*command, "serve", count], stdout=subprocess.PIPE, text=True)
    with tempfile.TemporaryDirectory() as folder:
        url, config = f"http://127.0.0.1:{int(server.stdout.readline())}", Path(folder, "config")
        context = {"cluster": "c", "user": "u", "namespace": "shop"}
        config.write_text(
            json.dumps(
                {
                    "current-context": "c",
                    "contexts": [{"name": "c", "context": context}],
                    "clusters": [{"name": "c", "cluster": {"server": url}}],
                    "users": [{"name": "u", "user": {}}],
                }
            )
        )
        for name in LOOKS:
            runs = [subprocess.check_output([*command, name, url, str(config)]) for _ in range(5)]
            ready, wall, cpu, memory = sorted(map(json.loads, runs), key=lambda run: run[2])[2]
            print(f"{name:8} {ready} ready pods: {wall:.2f} s, {cpu:.2f} s CPU, {memory:.0f} MiB")
    server.terminate()
    server.wait()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", count]:
            serve(int(count))
        case [name, url, config]:
            measure(name, url, config)
        case [*count]:
            main(*count or ["2000"])
