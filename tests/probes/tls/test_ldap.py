"""The few bytes of BER that StartTLS takes."""

import re

import pytest

from probes.tls import ldap

GOOD = bytes.fromhex("02010178070a010004000400")


async def read(data):
    rest = bytearray(data)

    async def exactly(size):
        taken = bytes(rest[:size])
        assert len(taken) == size
        del rest[:size]
        return taken

    return await ldap.message(exactly), bytes(rest)


def test_the_request_is_the_one_of_rfc_4511():
    request = ldap.START_TLS
    assert request == bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"


@pytest.mark.parametrize("head", ["300c", "30810c", "308400" + "00000c"])
async def test_a_message_is_read_to_its_last_byte(head):
    assert await read(bytes.fromhex(head) + GOOD + b"more") == (GOOD, b"more")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("4854", "byte 0x48, which is not LDAP"),
        ("3080", "a length that is not LDAP's"),
        ("3085", "a length that is not LDAP's"),
        ("3082ffff", "a message of 65535 bytes, expected at most 4096"),
        ("3084ffffffff", "a message of 4294967295 bytes, expected at most 4096"),
    ],
)
async def test_what_is_no_message_is_refused(data, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        await read(bytes.fromhex(data))


@pytest.mark.parametrize(("content", "code"), [(GOOD, 0), (bytes.fromhex("02010178030a0135"), 53)])
def test_the_result_of_a_response(content, code):
    assert ldap.result_code(content) == code


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a message that is cut short"),
        ("0201", "a message that is cut short"),
        ("020101", "a message that is cut short"),
        ("0201017884ff", "a message that is cut short"),
        ("02010078030a0100", "a message that is no answer to it"),
        ("02010161030a0100", "an operation 0x61, expected an extended response"),
        ("020101780304010a", "a response without a result code"),
        ("02010178020a00", "a response without a result code"),
        ("0201017800", "a message that is cut short"),
    ],
)
def test_what_is_no_response_is_refused(content, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ldap.result_code(bytes.fromhex(content))
