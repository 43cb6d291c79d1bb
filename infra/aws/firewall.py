"""The edge's firewall: turns away an address that asks too often, and addresses known for abuse."""

from pulumi import ResourceOptions
from pulumi_aws import wafv2

from infra.settings import ThrottleSettings

_WINDOW_S = 300


def firewall(name: str, throttle: ThrottleSettings, opts: ResourceOptions) -> wafv2.WebAcl:
    """For CloudFront, so in us-east-1; it answers 429 to whoever is over the limit."""
    return wafv2.WebAcl(
        name,
        scope="CLOUDFRONT",
        description="Rate limit per address, and the list by AWS of addresses known for abuse",
        default_action={"allow": {}},
        rules=[
            {
                "name": "per-address",
                "priority": 1,
                "action": {"block": {"custom_response": {"response_code": 429}}},
                "statement": {
                    "rate_based_statement": {
                        "limit": throttle.per_address,
                        "aggregate_key_type": "IP",
                        "evaluation_window_sec": _WINDOW_S,
                    }
                },
                "visibility_config": _counted("per-address"),
            },
            {
                "name": "known-for-abuse",
                "priority": 2,
                "override_action": {"none": {}},
                "statement": {
                    "managed_rule_group_statement": {
                        "vendor_name": "AWS",
                        "name": "AWSManagedRulesAmazonIpReputationList",
                    }
                },
                "visibility_config": _counted("known-for-abuse"),
            },
        ],
        visibility_config={
            "cloudwatch_metrics_enabled": True,
            "metric_name": name,
            "sampled_requests_enabled": True,
        },
        opts=opts,
    )


def _counted(metric: str) -> wafv2.WebAclRuleVisibilityConfigArgsDict:
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": True}
