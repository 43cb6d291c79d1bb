"""What AWS would add to a resource, as far as the program reads it: names, ARNs, addresses. No engine, no provider."""

from typing import Any

ACCOUNT = "123456789012"


def provided(args: Any) -> dict[str, Any]:
    """Outputs of one resource under mocks, with names as the provider makes them when none was given."""
    inputs = args.inputs
    name = inputs.get("name") or f"{args.name}-abcdef1"
    kind = args.typ.split(":")[-1]
    service = args.typ.split(":")[1].split("/")[0]
    added: dict[str, Any] = {
        "name": name,
        "arn": f"arn:aws:{service}:{inputs.get('region', 'us-east-1')}:{ACCOUNT}:{name}",
    }
    special = _SPECIAL.get(kind)
    return added | (special(args.name, inputs) if special else {})


def _node_group(name: str, _: dict[str, Any]) -> dict[str, Any]:
    return {"resources": [{"autoscalingGroups": [{"name": f"eks-{name}-abcdef1-0000"}]}]}


def _cluster(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "endpoint": f"https://{name}.gr7.us-east-1.eks.amazonaws.com",
        "certificateAuthority": {"data": "Y2VydGlmaWNhdGU="},
        "vpcConfig": {**inputs.get("vpcConfig", {}), "clusterSecurityGroupId": f"sg-{name}"},
    }


_SPECIAL = {
    "Bucket": lambda name, _: {"bucket": f"{name}-abcdef1"},
    "Queue": lambda name, _: {"url": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{name}-abcdef1"},
    "NodeGroup": _node_group,
    "Cluster": _cluster,
    "Key": lambda name, _: {"keyId": f"{name}-id", "arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{name}"},
}
