"""What AWS would add to a resource, as far as the program reads it: names, ARNs, addresses. No engine, no provider."""

from typing import Any

ACCOUNT = "123456789012"
MADE_BY_AWS = "made-by-aws-0123456789abcdefghijklmnopqr"
"""What stands for the letters of a generated key, to be looked for where it must not be."""


def provided(args: Any) -> dict[str, Any]:
    """Outputs of one resource under mocks, with names as the provider makes them when none was given."""
    if not args.typ.startswith("aws:"):
        return {}
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
    "ApiKey": lambda name, inputs: {"value": inputs.get("value") or MADE_BY_AWS},
    "Api": lambda name, _: {
        "apiEndpoint": f"https://{name}.execute-api.us-east-1.amazonaws.com",
        "executionArn": f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{name}",
    },
    "Certificate": lambda name, inputs: {
        "domainValidationOptions": [
            {
                "domainName": inputs["domainName"],
                "resourceRecordName": f"_proof.{inputs['domainName']}",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_proof.acm-validations.aws.",
            }
        ]
    },
    "Distribution": lambda name, _: {"domainName": f"{name}.cloudfront.net", "hostedZoneId": "Z2FDTNDATAQYW2"},
    "DomainName": lambda name, inputs: {
        "domainNameConfiguration": inputs["domainNameConfiguration"]
        | {"targetDomainName": f"d-{name}.execute-api.us-east-1.amazonaws.com", "hostedZoneId": "Z1UJRXOUMOOFQ8"}
    },
    "Function": lambda name, _: {"version": "1", "invokeArn": f"arn:aws:apigateway:us-east-1:lambda:path/{name}"},
    "Key": lambda name, _: {"keyId": f"{name}-id", "arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{name}"},
}
