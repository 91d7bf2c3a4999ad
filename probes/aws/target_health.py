"""The kind `aws.target_health`: whom a load balancer finds healthy."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from anyio import to_thread

from agent.probe import Need, Reading, Value, checked
from probes.aws import arns, iam
from probes.aws.failures import NotThere
from probes.aws.service import Service, listed
from probes.aws.settings import AwsSettings

__all__ = ["TargetHealthProbe", "TargetHealthReading"]


class TargetHealthReading(Reading, frozen=True):
    """What the load balancer says of its targets; the numbers are absent when there is no such group."""

    exists: bool
    """Whether there is such a target group."""
    targets: int | None = None
    """How many are registered, in whatever state."""
    healthy: int | None = None
    """Those that get requests because they are well."""
    unhealthy: int | None = None
    """Those that fail their health check, also while they drain."""
    draining: int | None = None
    """Those that were taken out and finish what they have."""
    initial: int | None = None
    """Those that were just registered, whose health is not known yet."""
    unused: int | None = None
    """Those that get no requests: no listener uses the group, the zone is off, or the target is stopped."""
    unavailable: int | None = None
    """Those that nobody checks, because health checks are off."""
    healthy_ratio: float | None = None
    """Healthy ones over all; absent when none is registered."""
    zones: list[str] | None = None
    """Availability zones with a healthy target, where the load balancer names them."""
    reasons: list[str] | None = None
    """What is wrong with each that is not healthy: `i-0123:80 is unhealthy: Target.Timeout: Request timed out`."""


def _parse_group(text: str) -> None:
    if text.startswith("arn:"):
        if not arns.arn(text, "elasticloadbalancing").resource.startswith("targetgroup/"):
            raise ValueError(f"{text!r} is no ARN of a target group")
    elif not text or len(text) > 32 or not text.replace("-", "").isalnum():
        raise ValueError(f"{text!r} is neither a name nor an ARN of a target group")


class TargetHealthProbe(AwsSettings, frozen=True, kw_only=True):
    """Ask a load balancer (application, network or gateway) about the targets of one group.

    By default there must be a healthy one and no unhealthy one.  Draining is what a rollout does, and no failure.
    """

    defaults = {"exists": "true", "healthy": {"min": "1"}, "unhealthy": "0"}

    target_group: Annotated[str, checked(_parse_group)]
    """The target group, by ARN or by name."""

    async def measure(self) -> TargetHealthReading:
        """Ask, in a thread."""
        return await to_thread.run_sync(self._look, abandon_on_cancel=True)

    def services(self) -> tuple[Service, ...]:
        """List Elastic Load Balancing."""
        region = arns.arn(self.target_group).region if self._by_arn() else ""
        return (self.reach("elbv2", region),)

    def needs(self) -> tuple[Need, ...]:
        """List the rights; AWS gives neither for one group alone."""
        health = iam.need("elasticloadbalancing:DescribeTargetHealth")
        return (health,) if self._by_arn() else (iam.need("elasticloadbalancing:DescribeTargetGroups"), health)

    def _by_arn(self) -> bool:
        return self.target_group.startswith("arn:")

    def _look(self) -> TargetHealthReading:
        service = self.services()[0]
        try:
            answer = service.ask("DescribeTargetHealth", {"TargetGroupArn": self._arn(service)})
        except NotThere:
            return TargetHealthReading(exists=False)
        return _reading(listed(answer.document, "TargetHealthDescriptions"))

    def _arn(self, service: Service) -> str:
        if self._by_arn():
            return self.target_group
        groups = listed(service.ask("DescribeTargetGroups", {"Names": [self.target_group]}).document, "TargetGroups")
        if not groups:
            raise NotThere("TargetGroupNotFound", self.target_group)
        return str(groups[0].get("TargetGroupArn"))


def _reading(described: list[dict[str, Value]]) -> TargetHealthReading:
    states = [str(one.get("TargetHealth", {}).get("State")) for one in described]
    counts = Counter(states)
    healthy = counts["healthy"]
    well = [one for one, state in zip(described, states, strict=True) if state == "healthy"]
    return TargetHealthReading(
        exists=True,
        targets=len(described),
        healthy=healthy,
        unhealthy=counts["unhealthy"] + counts["unhealthy.draining"],
        draining=counts["draining"],
        initial=counts["initial"],
        unused=counts["unused"],
        unavailable=counts["unavailable"],
        healthy_ratio=healthy / len(described) if described else None,
        zones=sorted({str(one["Target"]["AvailabilityZone"]) for one in well if one["Target"].get("AvailabilityZone")}),
        reasons=[_reason(one) for one in described if one.get("TargetHealth", {}).get("State") != "healthy"],
    )


def _reason(described: dict[str, Value]) -> str:
    target, health = described.get("Target", {}), described.get("TargetHealth", {})
    port = f":{target['Port']}" if target.get("Port") else ""
    why = [str(health[key]) for key in ("Reason", "Description") if health.get(key)]
    return ": ".join([f"{target.get('Id')}{port} is {health.get('State')}", *why])
