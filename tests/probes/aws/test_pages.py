"""All pages, put together, bounded, and never half of a list taken for the whole."""

import anyio
import pytest

from agent.probe import ProbeError, Unreachable
from probes.aws.call import CallProbe, CallReading
from probes.aws.models import operation
from probes.aws.service import _limited

from .cloud import Answer, says, xml


def call(url, service, operation, **settings):
    return CallProbe(service=service, operation=operation, endpoint_url=url, **settings)


async def test_pages_that_botocore_knows(moto, make):
    s3 = make("s3")
    s3.create_bucket(Bucket="pages", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name in "edcba":
        s3.put_object(Bucket="pages", Key=name, Body=b"x")
    params = {"Bucket": "pages", "MaxKeys": 2}
    reading = await call(moto, "s3", "list_objects_v2", params=params, json={"keys": "Contents[].Key"}).measure()
    assert reading == CallReading(exists=True, page_count=3, named={"keys": ["a", "b", "c", "d", "e"]})


async def test_pages_that_botocore_does_not_know(serve):
    pages = [
        says({"WebACLs": [{"Name": "a"}], "NextMarker": "1"}),
        says({"WebACLs": [{"Name": "b"}, {"Name": "c"}], "NextMarker": "2"}),
        says({"WebACLs": []}),
    ]
    aws = serve({"ListWebACLs": pages})
    probe = call(aws.url, "wafv2", "list_web_acls", params={"Scope": "REGIONAL"}, json={"names": "WebACLs[].Name"})
    assert await probe.measure() == CallReading(exists=True, page_count=3, named={"names": ["a", "b", "c"]})
    assert [params.get("NextMarker") for _, params in aws.asked] == [None, "1", "2"]


async def test_what_belongs_to_one_page_is_not_taken_for_the_whole(serve):
    pages = [
        says({"Items": [{"id": {"S": "1"}}], "Count": 1, "ScannedCount": 4, "LastEvaluatedKey": {"id": {"S": "1"}}}),
        says({"Items": [{"id": {"S": "2"}}], "Count": 1, "ScannedCount": 3}),
    ]
    paths = {"ids": "Items[].id.S", "count": "Count", "scanned": "ScannedCount", "last": "LastEvaluatedKey"}
    aws = serve({"Scan": pages})
    reading = await call(aws.url, "dynamodb", "scan", params={"TableName": "t"}, json=paths).measure()
    assert reading.named == {"ids": ["1", "2"], "count": 2, "scanned": 7, "last": None}
    aws = serve({"Scan": pages[1]})
    reading = await call(aws.url, "dynamodb", "scan", params={"TableName": "t"}, json=paths).measure()
    assert reading.named == {"ids": ["2"], "count": 1, "scanned": 3, "last": None}


async def test_a_list_inside(serve):
    def page(name, marker=""):
        item = f"<DistributionSummary><Id>{name}</Id></DistributionSummary>"
        more = f"<NextMarker>{marker}</NextMarker>" if marker else ""
        more += f"<IsTruncated>{str(bool(marker)).lower()}</IsTruncated><Quantity>1</Quantity>"
        return Answer(f"<DistributionList><Items>{item}</Items>{more}</DistributionList>")

    aws = serve({"*": [page("E1", "m"), page("E2")]})
    paths = {"ids": "DistributionList.Items[].Id", "quantity": "DistributionList.Quantity"}
    reading = await call(aws.url, "cloudfront", "list_distributions", json=paths).measure()
    assert reading.named == {"ids": ["E1", "E2"], "quantity": None}


async def test_more_pages_than_are_read_are_an_error(serve):
    pages = [says({"QueueUrls": ["q"], "NextToken": str(number)}) for number in range(9)]
    aws = serve({"ListQueues": pages})
    with pytest.raises(ProbeError) as caught:
        await call(aws.url, "sqs", "list_queues", page_limit=3).measure()
    assert str(caught.value) == "sqs:ListQueues has more than 3 pages (`page_limit`)"
    assert len(aws.asked) == 4


def test_more_than_memory_should_hold_is_an_error():
    page = {"ResponseMetadata": {"HTTPHeaders": {"content-length": str(50 * 2**20)}}, "QueueUrls": []}
    pages = _limited(iter([page] * 9), operation("sqs", "list_queues"))
    assert [next(pages), next(pages)] == [page, page]
    with pytest.raises(ProbeError) as caught:
        next(pages)
    assert str(caught.value) == "sqs:ListQueues is answered with more than 128 MiB: ask for less"


async def test_the_size_of_an_answer_is_what_was_read(serve):
    aws = serve({"ListQueues": says({"QueueUrls": []})})
    service = call(aws.url, "sqs", "list_queues").services()[0]
    page = await anyio.to_thread.run_sync(next, service.pages("ListQueues", {}, 1))
    assert page["ResponseMetadata"]["HTTPHeaders"]["content-length"] == str(len('{"QueueUrls": []}'))


async def test_pages_in_a_circle_are_no_answer(serve):
    aws = serve({"ListQueues": says({"QueueUrls": ["q"], "NextToken": "again"})})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url, "sqs", "list_queues").measure()
    assert str(caught.value) == "sqs:ListQueues: the pages go in a circle"


async def test_a_failure_on_a_later_page_is_a_failure(serve):
    aws = serve({"ListQueues": [says({"QueueUrls": ["q"], "NextToken": "1"}), Answer(b"", 500)]})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url, "sqs", "list_queues").measure()
    assert str(caught.value) == "sqs:ListQueues is answered with status 500 and no error of AWS"


async def test_an_answer_that_goes_on_nobody_knows_where_is_an_error(serve):
    body = says({"definition": {}, "NextToken": "1", "Id": "x"})
    aws = serve({"*": body})
    params = {"CoreDefinitionId": "c", "CoreDefinitionVersionId": "v"}
    with pytest.raises(ProbeError) as caught:
        await call(aws.url, "greengrass", "get_core_definition_version", params=params).measure()
    assert str(caught.value) == (
        "greengrass:GetCoreDefinitionVersion has more than one page, and no way is known to the next: ask for less"
    )


async def test_the_operator_may_ask_for_small_pages(serve):
    def page(name, marker=""):
        more = f"<Marker>{marker}</Marker>" if marker else ""
        instance = f"<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier></DBInstance>"
        return xml("DescribeDBInstances", f"<DBInstances>{instance}</DBInstances>{more}")

    aws = serve({"DescribeDBInstances": [page("a", "1"), page("b")]})
    probe = call(aws.url, "rds", "describe_db_instances", params={"MaxRecords": 20}, json={"n": "length(DBInstances)"})
    assert (await probe.measure()).named == {"n": 2}
    assert [params["MaxRecords"] for _, params in aws.asked] == ["20", "20"]
