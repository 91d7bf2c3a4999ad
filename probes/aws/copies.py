"""Where backups lie: snapshots of RDS, objects of S3, recovery points of AWS Backup, each told as a `Copy`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from agent.probe import ProbeError, Unknown, Unreachable, Value
from probes.aws.failures import NotThere
from probes.aws.service import Service, listed

__all__ = ["Copy", "Newest", "cluster_snapshots", "encrypted", "objects", "points", "snapshots"]

_GIB = 2**30
_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_WHOLE_POINTS = frozenset({"COMPLETED", "AVAILABLE"})


class Copy(msgspec.Struct, frozen=True):
    """One backup."""

    id: str
    state: str
    usable: bool
    """Whether it is whole, so that it could be restored."""
    made: datetime | None
    """When the data was as it holds it; None while it is being made."""
    size: int | None = None
    encrypted: bool | Unknown | None = None


class Newest:
    """The newest of many, told one by one."""

    def __init__(self, copies: Iterator[Copy]) -> None:
        self.usable: Copy | None = None
        """The newest that could be restored."""
        self.last: Copy | None = None
        """The newest of all, also one that failed or is being made."""
        self.count = 0
        """Those that could be restored."""
        for copy in copies:
            self._see(copy)

    def _see(self, copy: Copy) -> None:
        if self.last is None or _later(copy, self.last):
            self.last = copy
        if copy.usable:
            self.count += 1
            if self.usable is None or _later(copy, self.usable):
                self.usable = copy


def _later(one: Copy, other: Copy) -> bool:
    if one.made is None or other.made is None:
        return one.made is None  # it is being made: later than all that were
    return one.made > other.made


def snapshots(rds: Service, instance: str, limit: int) -> Iterator[Copy]:
    """Give the snapshots of an instance, automated and manual."""
    for page in rds.pages("DescribeDBSnapshots", {"DBInstanceIdentifier": instance}, limit):
        for one in listed(page, "DBSnapshots"):
            made = one.get("OriginalSnapshotCreateTime") or one.get("SnapshotCreateTime")  # a copy has old data
            size = one.get("FullSnapshotSizeInBytes") or one.get("AllocatedStorage", 0) * _GIB
            yield _snapshot(one, str(one.get("DBSnapshotIdentifier")), made, size, one.get("Encrypted"))


def cluster_snapshots(rds: Service, cluster: str, limit: int) -> Iterator[Copy]:
    """Give the snapshots of a cluster of Aurora or Multi-AZ RDS."""
    for page in rds.pages("DescribeDBClusterSnapshots", {"DBClusterIdentifier": cluster}, limit):
        for one in listed(page, "DBClusterSnapshots"):
            size = one.get("AllocatedStorage", 0) * _GIB
            name = str(one.get("DBClusterSnapshotIdentifier"))
            yield _snapshot(one, name, one.get("SnapshotCreateTime"), size, one.get("StorageEncrypted"))


def _snapshot(one: Mapping[str, Value], name: str, made: Value, size: int, is_encrypted: Value) -> Copy:
    state = str(one.get("Status"))
    return Copy(name, state, state == "available" and made is not None, made, size or None, is_encrypted)


def objects(s3: Service, bucket: str, prefix: str, limit: int) -> Iterator[Copy]:
    """Give the objects of a bucket; one of no bytes is no backup, and one that stands for a folder is none at all."""
    for page in s3.pages("ListObjectsV2", {"Bucket": bucket, "Prefix": prefix}, limit):
        for one in listed(page, "Contents") if page.get("KeyCount") != 0 else []:
            key, size = str(one.get("Key")), one.get("Size")
            if not key.endswith("/"):
                state = "archived" if one.get("StorageClass") in _ARCHIVES else "available"
                made = one.get("LastModified")
                yield Copy(key, state if size else "empty", bool(size) and made is not None, made, size)


def encrypted(s3: Service, bucket: str, key: str) -> bool | Unknown:
    """Tell whether an object is encrypted; unknown when it may not be asked."""
    try:
        head = s3.ask("HeadObject", {"Bucket": bucket, "Key": key}).document
    except (NotThere, ProbeError, Unreachable) as error:
        return Unknown(f"the object cannot be asked: {error or 'it is gone'}")
    return bool(head.get("ServerSideEncryption") or head.get("SSECustomerAlgorithm"))


def points(backup: Service, vault: str, resource: str, limit: int) -> Iterator[Copy]:
    """Give the recovery points of AWS Backup in a vault, of a resource, or both."""
    if vault:
        params = {"BackupVaultName": vault} | ({"ByResourceArn": resource} if resource else {})
        pages = backup.pages("ListRecoveryPointsByBackupVault", params, limit)
    else:
        pages = backup.pages("ListRecoveryPointsByResource", {"ResourceArn": resource}, limit)
    for page in pages:
        for one in listed(page, "RecoveryPoints"):
            yield _point(one)


def _point(one: Mapping[str, Value]) -> Copy:
    state, made = str(one.get("Status")), one.get("CreationDate")
    size = one.get("BackupSizeInBytes", one.get("BackupSizeBytes"))
    usable = state in _WHOLE_POINTS and made is not None
    return Copy(str(one.get("RecoveryPointArn")), state, usable, made, size, _point_encrypted(one))


def _point_encrypted(one: Mapping[str, Value]) -> bool | Unknown:
    if isinstance(one.get("IsEncrypted"), bool):
        return bool(one["IsEncrypted"])
    return True if one.get("EncryptionKeyArn") else Unknown("AWS Backup does not say: give `vault`")
