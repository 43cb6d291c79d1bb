"""What Google would add to a resource, as far as the program reads it: names, ids, addresses. No engine at all."""

from typing import Any

NUMBER = "123456789012"


def provided(args: Any) -> dict[str, Any]:
    """Outputs of one resource under mocks, with names as the provider makes them when none was given."""
    if not args.typ.startswith("gcp:"):
        return {}
    inputs = args.inputs
    name = inputs.get("name") or f"{args.name}-abcdef1"
    kind = args.typ.split(":")[-1]
    special = _SPECIAL.get(kind)
    return {"name": name, "project": "example-models"} | (special(name, inputs) if special else {})


_SPECIAL = {
    "Account": lambda _, inputs: {
        "email": f"{inputs['accountId']}@example-models.iam.gserviceaccount.com",
        "name": f"projects/example-models/serviceAccounts/{inputs['accountId']}",
    },
    "Cluster": lambda name, _: {
        "endpoint": "10.0.0.2",
        "masterAuth": {"clusterCaCertificate": "Y2VydGlmaWNhdGU="},
        "name": name,
    },
    "DnsAuthorization": lambda _, inputs: {
        "dnsResourceRecords": [
            {"name": f"_acme-challenge.{inputs['domain']}.", "type": "CNAME", "data": "proof.authorize.certmanager."}
        ]
    },
    "GlobalAddress": lambda _, inputs: {
        "address": "2001:db8::10" if inputs.get("ipVersion") == "IPV6" else "203.0.113.10"
    },
    "UptimeCheckConfig": lambda name, _: {"uptimeCheckId": f"{name}-check"},
    "WorkloadIdentityPool": lambda _, inputs: {
        "name": f"projects/{NUMBER}/locations/global/workloadIdentityPools/{inputs['workloadIdentityPoolId']}"
    },
}
