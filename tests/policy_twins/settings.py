"""The settings of the stack that twins belong to: production, in a region of each cloud."""

from typing import Any

from tests.policy_twins.twin import DIGEST


def _part(registry: str, regions: list[str], **identity: str) -> dict[str, Any]:
    images = {name: f"{registry}/{name}@{DIGEST}" for name in ("predictor", "worker", "trainer")}
    return {
        "regions": regions,
        "identity": {"repository": "example/slipway-models", **identity},
        "budget": {"usd_per_month": 12_500, "alert": "ml-platform@example.com"},
        "images": images,
    }


_GOOGLE = _part(
    "us-central1-docker.pkg.dev/example-models/slipway",
    ["us-central1"],
    account="example-models",
    project_number="123456789012",
)

SETTINGS: dict[str, Any] = {
    "slipway:target": "multi",
    "slipway:environment": "prod",
    "slipway:ownership": {"owner": "ml-platform", "cost_center": "research"},
    "slipway:domain": {"name": "api.example.com", "zone": "example.com", "zone_id": "Z08123456ABCDEFGHIJK"},
    "slipway:network": {"nat": "per_zone", "ranges": {"us-central1": "10.40.0.0/16"}},
    "slipway:clouds": {
        "aws": _part("123456789012.dkr.ecr.us-east-1.amazonaws.com", ["us-east-1"], account="123456789012"),
        "gcp": _GOOGLE | {"budget": _GOOGLE["budget"] | {"billing_account": "01AB23-45CD67-89EF01"}},
    },
}
