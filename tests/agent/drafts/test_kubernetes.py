"""Kubernetes manifests: what is read of them beyond the golden sample."""

import pytest

from tests.agent.drafts.sources import bound, checks, draft, left, refused

WEB = """
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""


def workload(probe, kind="Deployment"):
    return f"""
kind: {kind}
metadata: {{name: web}}
spec:
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
        - ports: [{{name: http, containerPort: 8080}}]
          readinessProbe: {probe}
"""


POD = """
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers: [{ports: [{name: http, containerPort: 8080}], livenessProbe: {httpGet: {port: http, scheme: https}}}]
"""


def test_pods_and_lists_of_kubectl_are_read():
    text = f"kind: List\nitems:\n- {{kind: PodList, items: [{{kind: Pod, metadata: {{name: x}}}}]}}\n---{POD}---{WEB}"
    made = draft("kubernetes", text)
    assert checks(made)[4:] == [
        "# as the liveness probe of its pods, but through the service",
        "- name: web answers at /",
        "http: {url: https://web.$(namespace).svc.$(cluster_domain):80/, verify: false}",
        "expect: {status: {min: 200, max: 399}}",
    ]
    assert left(made) == [
        "Pod x: gonogo cannot see yet that it is ready (kubernetes.pods)",
        "Pod web: gonogo cannot see yet that it is ready (kubernetes.pods)",
    ]


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ("{exec: {command: [x]}}", "its readiness probe runs a command, and gonogo cannot ask a pod yet"),
        ("{grpc: {port: 8080}}", "its readiness probe speaks gRPC, and gonogo cannot ask a pod yet"),
        ("{tcpSocket: {port: 8080}}", "its readiness probe knocks at a port, and gonogo cannot ask a pod yet"),
        ("{httpGet: {port: 8080, host: x}}", "its readiness probe asks another host, and gonogo cannot ask a pod yet"),
        ("{httpGet: {port: 9999, path: x}}", "no service leads to /x on port 9999, its readiness probe"),
    ],
)
def test_probes_that_cannot_be_asked_are_told(probe, said):
    made = draft("kubernetes", f"{workload(probe)}---{WEB}")
    assert left(made)[0] == f"Deployment web: {said}"
    assert "tcp: {address: web.$(namespace).svc.$(cluster_domain):80}" in checks(made)


@pytest.mark.parametrize(
    "service",
    [
        "{ports: [{port: 80, targetPort: 8080}]}",
        "{selector: {app: other}, ports: [{port: 80, targetPort: 8080}]}",
        "{selector: {app: web}, ports: [{port: 80}]}",
    ],
)
def test_a_service_that_leads_elsewhere_takes_no_probe(service):
    text = (
        workload("{httpGet: {port: 8080, path: /x}}")
        + f"---\nkind: Service\nmetadata: {{name: web}}\nspec: {service}\n"
    )
    assert (
        left(draft("kubernetes", text))[0] == "Deployment web: no service leads to /x on port 8080, its readiness probe"
    )


def test_a_service_of_another_namespace_takes_no_probe():
    other = WEB.replace("{name: web}", "{name: web, namespace: other}")
    made = draft("kubernetes", workload("{httpGet: {port: 8080}}") + f"---{other}")
    assert left(made)[0] == "Deployment web: no service leads to / on port 8080, its readiness probe"


def test_services_of_one_name_in_two_namespaces_are_two_sections():
    other = WEB.replace("{name: web}", "{name: web, namespace: other}")
    made = draft("kubernetes", f"{WEB}---{other}")
    assert [step.address for step in bound(made.text).steps] == [
        "web/web-listens-on-port-80",
        "web-2/web-listens-on-port-80",
    ]


def test_an_ingress_without_names_of_hosts_in_its_tls_has_it_everywhere():
    text = "kind: Ingress\nmetadata: {name: x}\nspec: {tls: [{secretName: x}], rules: [{host: a.example.com}]}\n"
    assert "http: {url: https://a.example.com/}" in checks(draft("kubernetes", text))


def test_a_host_in_two_ingresses_is_one_section():
    rule = "kind: Ingress\nmetadata: {name: x}\nspec: {rules: [{host: a.example.com, http: {paths: [{path: /%s}]}}]}\n"
    made = draft("kubernetes", rule % "a" + "---\n" + rule % "b" + "---\n" + rule % "b")
    assert [line for line in checks(made) if line.startswith("http:")] == [
        "http: {url: http://a.example.com/a}",
        "http: {url: http://a.example.com/b}",
    ]


def test_a_load_balancer_that_has_no_address_yet_is_asked_inside():
    text = WEB + "status: {loadBalancer: {ingress: [{}]}}\n"
    made = draft("kubernetes", text)
    assert "when: {in_cluster: true}" in checks(made)
    steps = bound(made.text.replace("in_cluster: true\n\n", "in_cluster: false\n\n")).steps
    assert [step.skipped for step in steps] == ["in_cluster is 'false', expected true"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "kind: ConfigMap\nmetadata: {name: x}\n---\nkind: ConfigMap\nmetadata: {name: y}\n---\na: b\n---\n[c]\n",
            "source.yaml: there is nothing to check in it\n"
            "  source.yaml:7:1: is no Kubernetes object\n"
            "  source.yaml:9:1: is no Kubernetes object\n"
            "  ConfigMap (2): holds nothing that could be asked",
        ),
        ("kind: Service\nmetadata: {name: x}\nspec: {ports: 80}\n", "source.yaml:3:15: ports is text, expected a list"),
        ("kind: Service\nmetadata: {}\n", "source.yaml: there is nothing to check in it"),
        ("kind: [x]\nmetadata: {}\n", "source.yaml:1:7: kind is a list, expected text"),
    ],
)
def test_what_holds_nothing_to_check_is_refused(text, said):
    assert refused("kubernetes", text) == said
