"""`aws.backup`: the newest backup that could be restored, and none that only looks like one."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.probe import Need, ProbeError, Unknown
from probes.aws.backup import BackupProbe, BackupReading, Place

from .cloud import Answer, refuses, refuses_xml, says, xml

RESOURCE = "arn:aws:rds:eu-west-1:123456789012:db:orders"


def ago(seconds):
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def snapshot(name, state, age=None, *, original=None, size=20, encrypted="true"):
    made = f"<SnapshotCreateTime>{ago(age)}</SnapshotCreateTime>" if age is not None else ""
    first = f"<OriginalSnapshotCreateTime>{ago(original)}</OriginalSnapshotCreateTime>" if original else ""
    return (
        f"<DBSnapshot><DBSnapshotIdentifier>{name}</DBSnapshotIdentifier><Status>{state}</Status>{made}{first}"
        f"<AllocatedStorage>{size}</AllocatedStorage><Encrypted>{encrypted}</Encrypted></DBSnapshot>"
    )


def snapshots(*given):
    return xml("DescribeDBSnapshots", f"<DBSnapshots>{''.join(given)}</DBSnapshots>")


def objects(*given, token=""):
    contents = "".join(
        f"<Contents><Key>{key}</Key><LastModified>{ago(age)}</LastModified><Size>{size}</Size>"
        f"<StorageClass>{where}</StorageClass></Contents>"
        for key, age, size, where in given
    )
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return Answer(
        f"<ListBucketResult><Name>b</Name><KeyCount>{len(given)}</KeyCount>{contents}{more}</ListBucketResult>"
    )


def without_age(reading, low, high):
    """Give a reading as text without its age, which must lie between these."""
    assert low <= reading.age_seconds < high + 60
    return {name: getattr(reading, name) for name in reading.__struct_fields__ if name not in ("age_seconds", "named")}


async def test_a_snapshot_of_an_instance(moto, make):
    rds = make("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        StorageEncrypted=True,
        MasterUsername="shop",
        MasterUserPassword="correct-horse",
    )
    probe = BackupProbe(rds="orders", endpoint_url=moto)
    before = await probe.measure()
    rds.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier="orders-1")
    reading = await probe.measure()
    assert without_age(reading, 0, 1) == {
        "exists": True,
        "id": "orders-1",
        "size_bytes": 20 * 2**30,
        "encrypted": True,
        "state": "available",
        "backups": (before.backups or 0) + 1,
    }


async def test_a_snapshot_of_a_cluster(moto, make):
    rds = make("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="ledger",
        Engine="aurora-postgresql",
        MasterUsername="shop",
        MasterUserPassword="correct-horse",
    )
    rds.create_db_cluster_snapshot(DBClusterIdentifier="ledger", DBClusterSnapshotIdentifier="ledger-1")
    reading = await BackupProbe(rds_cluster="ledger", endpoint_url=moto).measure()
    assert (reading.exists, reading.id, reading.state, reading.encrypted) == (True, "ledger-1", "available", False)


async def test_an_object(moto, make):
    s3 = make("s3")
    s3.create_bucket(Bucket="backups", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="backups", Key="orders/1.dump", Body=b"old", ServerSideEncryption="aws:kms")
    s3.put_object(Bucket="backups", Key="ledger/1.dump", Body=b"something else")
    s3.put_object(Bucket="backups", Key="orders/2/", Body=b"")
    probe = BackupProbe(s3=Place(bucket="backups", prefix="orders/"), endpoint_url=moto)
    reading = await probe.measure()
    assert without_age(reading, 0, 2) == {
        "exists": True,
        "id": "orders/1.dump",
        "size_bytes": 3,
        "encrypted": True,
        "state": "available",
        "backups": 1,
    }


@pytest.mark.parametrize(
    "settings",
    [{"rds": "none"}, {"rds_cluster": "none"}, {"s3": Place(bucket="none")}],
)
async def test_there_is_none_because_there_is_nothing(moto, settings):
    reading = await BackupProbe(**settings, endpoint_url=moto).measure()
    assert reading in (BackupReading(exists=False), BackupReading(exists=False, backups=0))


async def test_an_empty_bucket_has_none(moto, make):
    make("s3").create_bucket(Bucket="empty", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    reading = await BackupProbe(s3=Place(bucket="empty"), endpoint_url=moto).measure()
    assert reading == BackupReading(exists=False, backups=0)


async def test_a_snapshot_that_is_being_made_or_failed_is_no_backup(serve):
    aws = serve(
        {
            "DescribeDBSnapshots": snapshots(
                snapshot("old", "available", 90_000),
                snapshot("yesterday", "available", 80_000, encrypted="false", size=0),
                snapshot("failed", "failed", 60),
                snapshot("now", "creating"),
            )
        }
    )
    reading = await BackupProbe(rds="orders", endpoint_url=aws.url).measure()
    assert without_age(reading, 80_000, 80_000) == {
        "exists": True,
        "id": "yesterday",
        "size_bytes": None,
        "encrypted": False,
        "state": "creating",
        "backups": 2,
    }
    aws = serve({"DescribeDBSnapshots": snapshots(snapshot("failed", "failed", 60), snapshot("before", "failed", 90))})
    reading = await BackupProbe(rds="orders", endpoint_url=aws.url).measure()
    assert reading == BackupReading(exists=False, state="failed", backups=0)


async def test_a_copy_is_as_old_as_its_data(serve):
    aws = serve({"DescribeDBSnapshots": snapshots(snapshot("copy", "available", 60, original=800_000))})
    reading = await BackupProbe(rds="orders", endpoint_url=aws.url).measure()
    assert 800_000 <= reading.age_seconds < 800_060


async def test_an_object_of_no_bytes_is_no_backup(serve):
    listing = objects(("orders/1", 90_000, 10, "GLACIER"), ("orders/2", 100, 0, "STANDARD"))
    aws = serve({"GET /b": listing, "HEAD /b/orders/1": Answer(headers={"x-amz-server-side-encryption": "AES256"})})
    reading = await BackupProbe(s3=Place(bucket="b", prefix="orders/"), endpoint_url=aws.url).measure()
    assert without_age(reading, 90_000, 90_000) == {
        "exists": True,
        "id": "orders/1",
        "size_bytes": 10,
        "encrypted": True,
        "state": "empty",
        "backups": 1,
    }


async def test_all_pages_of_a_bucket_are_gone_through(serve):
    pages = [
        objects(("a", 300, 1, "STANDARD"), token="1"),
        objects(("b", 100, 2, "DEEP_ARCHIVE"), token="2"),
        objects(("c", 200, 3, "STANDARD")),
    ]
    aws = serve({"GET /b": pages, "HEAD /b/b": Answer(status=403)})
    reading = await BackupProbe(s3=Place(bucket="b"), endpoint_url=aws.url).measure()
    assert without_age(reading, 100, 100) == {
        "exists": True,
        "id": "b",
        "size_bytes": 2,
        "encrypted": Unknown(
            "the object cannot be asked: s3:GetObject is not allowed, or what is asked about is not there"
        ),
        "state": "archived",
        "backups": 3,
    }
    aws = serve({"GET /b": [objects(("a", 300, 1, "STANDARD"), token=str(number)) for number in range(9)]})
    with pytest.raises(ProbeError) as caught:
        await BackupProbe(s3=Place(bucket="b"), page_limit=3, endpoint_url=aws.url).measure()
    assert str(caught.value) == "s3:ListObjectsV2 has more than 3 pages (`page_limit`)"


def point(name, status, age, **more):
    made = datetime.now(UTC).timestamp() - age
    return {"RecoveryPointArn": name, "Status": status, "CreationDate": made, **more}


async def test_a_recovery_point_of_a_vault(serve):
    points = [
        point("1", "COMPLETED", 90_000, BackupSizeInBytes=7, IsEncrypted=True),
        point("2", "PARTIAL", 600, BackupSizeInBytes=7, IsEncrypted=True),
        point("3", "COMPLETED", 80_000, BackupSizeInBytes=0, IsEncrypted=False),
        point("4", "EXPIRED", 70_000),
    ]
    path = "GET /backup-vaults/shop/recovery-points/"
    aws = serve({path: [says({"RecoveryPoints": points[:2], "NextToken": "1"}), says({"RecoveryPoints": points[2:]})]})
    reading = await BackupProbe(vault="shop", endpoint_url=aws.url).measure()
    assert without_age(reading, 80_000, 80_000) == {
        "exists": True,
        "id": "3",
        "size_bytes": 0,
        "encrypted": False,
        "state": "PARTIAL",
        "backups": 2,
    }


async def test_a_recovery_point_of_a_resource(serve):
    points = [point("1", "AVAILABLE", 500, BackupSizeBytes=9), point("2", "COMPLETED", 900, EncryptionKeyArn="k")]
    aws = serve({"*": says({"RecoveryPoints": points})})
    reading = await BackupProbe(resource=RESOURCE, endpoint_url=aws.url).measure()
    assert without_age(reading, 500, 500) == {
        "exists": True,
        "id": "1",
        "size_bytes": 9,
        "encrypted": Unknown("AWS Backup does not say: give `vault`"),
        "state": "AVAILABLE",
        "backups": 2,
    }
    aws = serve({"*": refuses("ResourceNotFoundException", "no such vault")})
    assert await BackupProbe(vault="none", resource=RESOURCE, endpoint_url=aws.url).measure() == BackupReading(
        exists=False
    )


async def test_an_instance_that_aws_does_not_know_has_none(serve):
    aws = serve({"DescribeDBSnapshots": refuses_xml("DBInstanceNotFound", "no", 404)})
    assert await BackupProbe(rds="none", endpoint_url=aws.url).measure() == BackupReading(exists=False)


@pytest.mark.parametrize(
    ("settings", "needs"),
    [
        (
            {"rds": "orders"},
            [
                ("rds:DescribeDBSnapshots", "arn:aws:rds:*:*:db:orders"),
                ("rds:DescribeDBSnapshots", "arn:aws:rds:*:*:snapshot:*"),
            ],
        ),
        (
            {"rds_cluster": "ledger", "region": "eu-west-1"},
            [
                ("rds:DescribeDBClusterSnapshots", "arn:aws:rds:eu-west-1:*:cluster:ledger"),
                ("rds:DescribeDBClusterSnapshots", "arn:aws:rds:eu-west-1:*:cluster-snapshot:*"),
            ],
        ),
        (
            {"s3": Place(bucket="b", prefix="p/")},
            [("s3:GetObject", "arn:aws:s3:::b/p/*"), ("s3:ListBucket", "arn:aws:s3:::b")],
        ),
        ({"vault": "shop"}, [("backup:ListRecoveryPointsByBackupVault", "arn:aws:backup:*:*:backup-vault:shop")]),
        ({"resource": RESOURCE}, [("backup:ListRecoveryPointsByResource", "*")]),
    ],
)
def test_rights(settings, needs):
    assert BackupProbe(**settings).permissions() == tuple(Need("aws", *need) for need in needs)
