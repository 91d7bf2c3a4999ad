"""The configuration of Prometheus: what is read of it beyond the golden sample."""

import pytest

from tests.agent.drafts.sources import checks, draft, left, refused


def job(text):
    return f"scrape_configs:\n  - job_name: x\n    static_configs: [{{targets: ['a:1']}}]\n    {text}\n"


def line(text, start):
    found = [found for found in checks(draft("prometheus", text)) if found.startswith(start)]
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "basic_auth: {username_file: /u, password_file: /p}",
            "basic: {user: $(secret:X_USER), password: $(secret:X_PASSWORD)}",
        ),
        ("bearer_token_file: /t", "bearer: $(secret:X_TOKEN)"),
        ("authorization: {type: bearer, credentials: t0ken}", "bearer: $(secret:X_TOKEN)"),
        ("proxy_url: http://proxy:1", "proxy: http://proxy:1"),
        ("{scheme: https, tls_config: {cert_file: /c, key_file: /k}}", "cert: /c"),
        ("scrape_timeout: 5s", "timeout: 5s"),
        ("scrape_timeout: 0s", ""),
    ],
)
def test_how_a_job_asks_is_how_the_check_asks(text, found):
    text = text.removeprefix("{").removesuffix("}") if text.startswith("{") else text
    lines = text.replace(", tls_config", "\n    tls_config")
    assert line(job(lines), found.partition(":")[0] + ":" if found else "timeout") == found


def test_what_is_not_taken_over_is_told():
    text = job(
        "oauth2: {client_id: x}\n    proxy_url: http://a:pr0xy@b:1\n    tls_config: {insecure_skip_verify: true}"
    )
    made = draft("prometheus", text)
    assert left(made) == ["job x: oauth2 is left out", "job x: proxy_url with a password is left out"]
    assert "pr0xy" not in made.text
    assert "verify" not in made.text  # there is no TLS


@pytest.mark.parametrize(
    ("module", "target", "found"),
    [
        ("http_2xx", "https://a.example.com/", "http: {url: https://a.example.com/}"),
        ("http_2xx", "a.example.com", "http: {url: http://a.example.com}"),
        ("tls_connect", "a.example.com:443", "tcp: {address: a.example.com:443}"),
        ("http_post_2xx", "https://a.example.com/", ""),
        ("icmp", "a.example.com", ""),
        ("tcp_connect", "a.example.com", ""),
    ],
)
def test_what_blackbox_asks_is_asked(module, target, found):
    text = f"""
scrape_configs:
  - job_name: probes
    metrics_path: /probe
    params: {{module: [{module}]}}
    static_configs: [{{targets: ['{target}', 'http://always.example.com/']}}]
    relabel_configs: [{{target_label: __param_target}}]
  - job_name: pages
    static_configs: [{{targets: ['b:1']}}]
"""
    made = draft("prometheus", text)
    assert [line for line in checks(made) if "a.example.com" in line and not line.startswith("-")] == (
        [found] if found else []
    )
    if not found:
        assert left(made)[0] == f"job probes: {target} is asked by the module {module}, which is unknown here"


def test_a_blackbox_job_without_a_module_asks_pages():
    text = "static_configs: [{targets: ['http://b:1/']}]\n    relabel_configs: [{target_label: __param_target}]"
    text = f"scrape_configs:\n  - job_name: x\n    {text}\n"
    assert line(text, "- name") == "- name: x"
    assert "http: {url: http://b:1/}" in checks(draft("prometheus", text))


def test_alertmanagers_are_asked_whether_they_are_ready():
    text = """
alerting:
  alertmanagers:
    - bearer_token: alertmanagers-token
      oauth2: {client_id: x}
      static_configs: [{targets: ['am:9093']}]
    - dns_sd_configs: []
"""
    made = draft("prometheus", text)
    assert checks(made)[3:] == [
        "# wants the secret ALERTMANAGER_TOKEN: an environment variable, or a mounted file",
        "- name: am:9093 is ready",
        "http: {url: http://am:9093/-/ready, bearer: $(secret:ALERTMANAGER_TOKEN)}",
    ]
    assert left(made) == [
        "alertmanagers: oauth2 is left out",
        "alertmanagers: those of dns_sd_configs are found while Prometheus runs",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: {}\n", "source.yaml:1:1: has no scrape_configs, expected the configuration of Prometheus"),
        ("global: {}\n", "source.yaml: there is nothing to check in it"),
        ("scrape_configs: []\n", "source.yaml: there is nothing to check in it"),
        ("scrape_configs: x\n", "source.yaml:1:17: scrape_configs is text, expected a list"),
        (
            "rule_files: [x]\n",
            "source.yaml: there is nothing to check in it\n"
            "  rule_files: rules and the alerts that fire cannot be checked yet (prometheus.rules, prometheus.alerts)",
        ),
    ],
)
def test_what_is_no_configuration_of_prometheus_is_refused(text, said):
    assert refused("prometheus", text) == said
