"""URLs: what they say, and that nothing of a broken one is ever shown."""

import pytest

from probes.redis.url import Place, parse_url

from .server import whole

FORM = "expected redis://user:password@host:port/database, rediss://… for TLS or unix:///path?db=0"
ENCODE = "is a character of the password missing its percent-encoding (@ is %40, / is %2F, # is %23)?"


@pytest.mark.parametrize(
    ("url", "place", "shown"),
    [
        ("redis://db", Place(host="db"), "db:6379"),
        ("redis://:p%40w@db:6380/3", Place(host="db", port=6380, password="p@w", database=3), "db:6380"),
        ("redis://me:pw@[::1]/", Place(host="::1", user="me", password="pw"), "[::1]:6379"),
        ("valkeys://db?db=2", Place(host="db", tls=True, database=2), "db:6379"),
        (
            "rediss://db?ssl_cert_reqs=CERT_NONE&ssl_ca_certs=ca&ssl_certfile=c&ssl_keyfile=k&timeout=3",
            Place(host="db", tls=True, verify=False, ca="ca", cert="c", key="k"),
            "db:6379",
        ),
        ("unix:///run/redis.sock?db=1", Place(socket="/run/redis.sock", database=1), "/run/redis.sock"),
        ("unix://me:pw@/run/s", Place(socket="/run/s", user="me", password="pw"), "/run/s"),
        ("unix:///run/s?username=me&password=pw", Place(socket="/run/s", user="me", password="pw"), "/run/s"),
    ],
)
def test_what_is_read(url, place, shown):
    assert parse_url(url) == place
    assert str(place) == shown


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("hunter2", f"no URL of Redis, {FORM}"),
        ("http://:hunter2@db", f"no URL of Redis, {FORM}"),
        ("redis://:hunter2@", f"names no host, {FORM}"),
        ("unix://", f"names no socket, {FORM}"),
        ("redis://:hunter/2@db", f"has a host or port that is none; {ENCODE}"),
        ("redis://:12/hunter2@db", f"has an @ behind the host; {ENCODE}"),
        ("redis://:12?hunter2@db", f"has an @ behind the host; {ENCODE}"),
        ("redis://:12#hunter2@db", f"has an @ behind the host; {ENCODE}"),
        ("redis://:hunter2@db:70000", f"has a host or port that is none; {ENCODE}"),
        ("redis://:hunter2@[db", f"has a host or port that is none; {ENCODE}"),
        ("redis://db/hunter2", f"has a database that is no number; {ENCODE}"),
        ("redis://db/123456", f"has a database that is no number; {ENCODE}"),
        ("redis://hunter2@db", "names a user without a password, expected user:password@ or :password@"),
        ("redis://:hunter 2@db", "holds a space or a control character"),
        ("rediss://db?ssl_cert_reqs=maybe", "has an ssl_cert_reqs that is none, expected required or none"),
    ],
)
def test_what_is_refused_and_not_quoted(url, said):
    with pytest.raises(ValueError, match=whole(said)):
        parse_url(url)
    assert "hunter" not in said
