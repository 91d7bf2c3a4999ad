"""The kind `aws.backup`: the newest backup that could be restored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from anyio import to_thread
from msgspec import Meta

from agent.probe import Need, Reading, Unknown, checked
from probes.aws import arns, copies, iam
from probes.aws.copies import Copy, Newest
from probes.aws.failures import NotThere
from probes.aws.service import Service
from probes.aws.settings import AwsSettings

__all__ = ["BackupProbe", "BackupReading", "Place"]

_Name = Annotated[str, Meta(min_length=1)]


class BackupReading(Reading, frozen=True):
    """The newest backup that is whole; one that failed, is being made or has no bytes is not it."""

    exists: bool
    """Whether there is one."""
    id: str | None = None
    """Name of the snapshot, key of the object, ARN of the recovery point."""
    age_seconds: float | None = None
    """Time since the data was as it holds it. A snapshot that was copied is as old as the one it was copied from."""
    size_bytes: int | None = None
    """Size: of an object what it has, of a snapshot what was allocated."""
    encrypted: bool | Unknown | None = None
    """Whether it is encrypted at rest; unknown where that may not be asked."""
    state: str | None = None
    """State of the newest of all, also of one that cannot be restored: `available`, `creating`, `failed` of RDS;
    `available`, `archived`, `empty` of objects; `COMPLETED`, `PARTIAL`, `EXPIRED` and so on of AWS Backup."""
    backups: int | None = None
    """How many there are that could be restored."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where in S3 the backups lie."""

    bucket: _Name
    """Name of the bucket."""
    prefix: str = ""
    """What the keys of the backups begin with."""


def _parse_resource(text: str) -> None:
    arns.arn(text)


class BackupProbe(AwsSettings, frozen=True, kw_only=True):
    """Look for the newest snapshot of RDS, object of S3 or recovery point of AWS Backup.

    By default it must not be older than 25 hours.
    """

    defaults = {"exists": "true", "age_seconds": {"max": "25h"}}

    rds: _Name | None = None
    """Identifier of a database instance: its snapshots, automated and manual."""

    rds_cluster: _Name | None = None
    """Identifier of a database cluster (Aurora): its snapshots."""

    s3: Place | None = None
    """Objects of a bucket: `{bucket: example-backups, prefix: orders/}`. All under the prefix are gone through."""

    vault: _Name | None = None
    """Name of a vault of AWS Backup: its recovery points."""

    resource: Annotated[str, checked(_parse_resource)] | None = None
    """ARN of what AWS Backup backs up: its recovery points, in `vault` when that is given too."""

    page_limit: Annotated[int, Meta(ge=1)] = 1000
    """Pages (of a hundred to a thousand) that are read at most; more are an error."""

    def __post_init__(self) -> None:
        """Refuse settings that do not go together."""
        super().__post_init__()
        given = [self.rds, self.rds_cluster, self.s3, self.vault or self.resource]
        if sum(one is not None for one in given) != 1:
            raise ValueError("give one of rds, rds_cluster, s3, and vault or resource")

    async def measure(self) -> BackupReading:
        """Look, in a thread."""
        return await to_thread.run_sync(self._look, abandon_on_cancel=True)

    def services(self) -> tuple[Service, ...]:
        """List the service that keeps the backups."""
        name = "s3" if self.s3 else "backup" if self.vault or self.resource else "rds"
        return (self.reach(name, arns.arn(self.resource).region if self.resource else ""),)

    def needs(self) -> tuple[Need, ...]:
        """List the rights to list the backups, and to see whether an object is encrypted."""
        region = self.region or ""
        if self.s3:
            bucket = f"arn:{arns.partition(region)}:s3:::{self.s3.bucket}"
            return iam.need("s3:GetObject", f"{bucket}/{self.s3.prefix}*"), iam.need("s3:ListBucket", bucket)
        if self.vault:
            vault = arns.written("backup", region, "", f"backup-vault:{self.vault}")
            return (iam.need("backup:ListRecoveryPointsByBackupVault", vault),)
        if self.resource:
            return (iam.need("backup:ListRecoveryPointsByResource"),)
        return self._rds_needs(region)

    def _rds_needs(self, region: str) -> tuple[Need, ...]:
        """List the right to snapshots; AWS wants it for those and for what they are of."""
        kind, of, name = ("DB", "db", self.rds) if self.rds else ("DBCluster", "cluster", self.rds_cluster)
        right = f"rds:Describe{kind}Snapshots"
        snapshots = "snapshot" if self.rds else "cluster-snapshot"
        return (
            iam.need(right, arns.written("rds", region, "", f"{of}:{name}")),
            iam.need(right, arns.written("rds", region, "", f"{snapshots}:*")),
        )

    def _look(self) -> BackupReading:
        service = self.services()[0]
        try:
            newest = Newest(self._copies(service))
        except NotThere:  # the instance, the bucket or the vault
            return BackupReading(exists=False)
        state = newest.last.state if newest.last else None
        if (copy := newest.usable) is None or copy.made is None:
            return BackupReading(exists=False, state=state, backups=0)
        return BackupReading(
            exists=True,
            id=copy.id,
            age_seconds=(datetime.now(UTC) - copy.made).total_seconds(),
            size_bytes=copy.size,
            encrypted=copies.encrypted(service, self.s3.bucket, copy.id) if self.s3 else copy.encrypted,
            state=state,
            backups=newest.count,
        )

    def _copies(self, service: Service) -> Iterator[Copy]:
        if self.s3:
            return copies.objects(service, self.s3.bucket, self.s3.prefix, self.page_limit)
        if self.rds:
            return copies.snapshots(service, self.rds, self.page_limit)
        if self.rds_cluster:
            return copies.cluster_snapshots(service, self.rds_cluster, self.page_limit)
        return copies.points(service, self.vault or "", self.resource or "", self.page_limit)
