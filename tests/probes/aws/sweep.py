"""Go through every operation of every service that botocore knows, and print what `aws.call` lets through, as JSON.

A process of its own: all of AWS's descriptions together take half a gigabyte.
"""

import json

from probes.aws import models
from probes.aws.readonly import refused


def main():
    services = [models.service(name) for name in models.loader().list_available_services("service-2")]
    allowed = [
        (service.service_name, operation)
        for service in services
        for operation in map(service.operation_model, service.operation_names)
        if not refused(operation, {})
    ]
    told = {
        "allowed": [f"{service}:{operation.name}" for service, operation in allowed],
        "methods": sorted({operation.http["method"] for _, operation in allowed}),
        "streams": [operation.name for _, operation in allowed if operation.has_streaming_output],
        "keys": [f"{service}:{one.name}" for service, one in allowed if gives_keys(service, one.output_shape)],
    }
    print(json.dumps(told))


def gives_keys(service, output):
    """Tell whether an answer has the secret half of a key that AWS does not mark as sensitive."""
    shapes = models.description(service)["shapes"]
    left, seen = [output.name] if output else [], set()
    while left:
        name = left.pop()
        shape = shapes[name]
        if name in seen or shape.get("sensitive"):
            continue
        seen.add(name)
        members = {key: member["shape"] for key, member in shape.get("members", {}).items()}
        if any(key.lower() == "secretaccesskey" and not shapes[one].get("sensitive") for key, one in members.items()):
            return True
        left += [*members.values(), *(shape[key]["shape"] for key in ("member", "value") if key in shape)]
    return False


if __name__ == "__main__":
    main()
