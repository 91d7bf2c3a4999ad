"""`aws.logs`: what was written to a group of CloudWatch Logs lately."""

from datetime import UTC, datetime

import pytest

from agent.probe import Need, Unknown
from probes.aws.logs import LogsProbe, LogsReading

from .cloud import refuses, says

ARN = "arn:aws:logs:eu-west-1:123456789012:log-group:/shop/api"


def now():
    return int(datetime.now(UTC).timestamp() * 1000)


def event(age=10.0, stream="a"):
    return {"timestamp": now() - int(age * 1000), "message": "x", "logStreamName": stream, "eventId": "1"}


@pytest.fixture
def group(make):
    """A group with lines of now, of ten minutes and of two hours ago."""
    logs = make("logs")
    logs.create_log_group(logGroupName="/shop/api")
    for stream, ages in (("web-1", (7200, 600, 0)), ("web-2", (30,)), ("job-1", (20,))):
        logs.create_log_stream(logGroupName="/shop/api", logStreamName=stream)
        events = [{"timestamp": now() - age * 1000, "message": f"{stream}: ERROR {age}"} for age in ages]
        logs.put_log_events(logGroupName="/shop/api", logStreamName=stream, logEvents=events)
    yield "/shop/api"
    logs.delete_log_group(logGroupName="/shop/api")


async def test_lines_of_the_window_are_counted(moto, group):
    reading = await LogsProbe(group=group, endpoint_url=moto).measure()
    assert reading == LogsReading(exists=True, lines=4, newest_age_seconds=reading.newest_age_seconds, stream_count=3)
    assert 0 <= reading.newest_age_seconds < 20
    assert (await LogsProbe(group=group, since=60.0, endpoint_url=moto).measure()).lines == 3
    assert (await LogsProbe(group=group, since=86400.0, endpoint_url=moto).measure()).lines == 5


async def test_a_pattern_chooses(moto, group):
    settings = {"since": 86400.0, "endpoint_url": moto}
    assert (await LogsProbe(group=group, pattern="web-2", **settings).measure()).lines == 1
    assert await LogsProbe(group=group, pattern="PANIC", **settings).measure() == LogsReading(
        exists=True, lines=0, newest_age_seconds=None, stream_count=0
    )


async def test_there_is_no_such_group(moto):
    assert await LogsProbe(group="/none", endpoint_url=moto).measure() == LogsReading(exists=False)


async def test_all_pages_are_read_those_without_a_line_too(serve):
    pages = [
        says({"events": [], "nextToken": "1"}),
        says({"events": [event(30, "a"), event(20, "b")], "nextToken": "2"}),
        says({"events": [], "nextToken": "3"}),
        says({"events": [event(10, "a")]}),
    ]
    aws = serve({"FilterLogEvents": pages})
    reading = await LogsProbe(group=ARN, pattern="ERROR", stream_prefix="web", endpoint_url=aws.url).measure()
    assert (reading.lines, reading.stream_count) == (3, 2)
    assert 9 < reading.newest_age_seconds < 60
    first = aws.asked[0][1]
    window = first.pop("endTime") - first.pop("startTime")
    assert window == 900_000
    assert first == {"logGroupIdentifier": ARN, "filterPattern": "ERROR", "logStreamNamePrefix": "web"}
    assert [params.get("nextToken") for _, params in aws.asked] == [None, "1", "2", "3"]


async def test_more_lines_than_are_counted_are_an_unknown_number(serve):
    aws = serve({"FilterLogEvents": [says({"events": [event(), event()], "nextToken": str(n)}) for n in range(99)]})
    reading = await LogsProbe(group=ARN, line_limit=5, endpoint_url=aws.url).measure()
    more = Unknown("there are more than 5 lines (`line_limit`)")
    assert reading == LogsReading(exists=True, lines=more, newest_age_seconds=more, stream_count=more)
    assert len(aws.asked) == 3


async def test_a_group_that_is_gone_in_the_middle_is_gone(serve):
    gone = refuses("ResourceNotFoundException", "The specified log group does not exist.")
    aws = serve({"FilterLogEvents": [says({"events": [event()], "nextToken": "1"}), gone]})
    assert await LogsProbe(group=ARN, endpoint_url=aws.url).measure() == LogsReading(exists=False)


def test_rights_and_region():
    assert LogsProbe(group=ARN).permissions() == (Need("aws", "logs:FilterLogEvents", f"{ARN}:*"),)
    assert LogsProbe(group=f"{ARN}:*").permissions() == (Need("aws", "logs:FilterLogEvents", f"{ARN}:*"),)
    assert LogsProbe(group="/shop/api", region="us-gov-west-1").permissions() == (
        Need("aws", "logs:FilterLogEvents", "arn:aws-us-gov:logs:us-gov-west-1:*:log-group:/shop/api:*"),
    )
    assert LogsProbe(group=ARN).services()[0].account.region == "eu-west-1"
