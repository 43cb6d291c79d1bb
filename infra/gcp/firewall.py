"""The edge's firewall: turns away an address that asks too often, and requests that look like attacks."""

from pulumi import ResourceOptions
from pulumi_gcp.compute import SecurityPolicy, SecurityPolicyRuleArgsDict

from infra.settings import ThrottleSettings

_WINDOW_S = 300
_DEFAULT = 2_147_483_647  # the priority that Google gives the rule for all that is left
_ATTACKS = ("cve-canary", "scannerdetection-v33-stable")
"""Google's own rule sets against known holes and scanners; those against SQL and scripts would refuse JSON of ours."""


def firewall(name: str, throttle: ThrottleSettings, opts: ResourceOptions) -> SecurityPolicy:
    """For the balancer; it answers 429 to whoever is over the limit."""
    return SecurityPolicy(
        name,
        type="CLOUD_ARMOR",
        description="Rate limit per address, and requests that look like attacks",
        advanced_options_config={"json_parsing": "STANDARD", "log_level": "NORMAL"},
        rules=[
            *(_refuse(attack, 100 + place) for place, attack in enumerate(_ATTACKS)),
            {
                "action": "throttle",
                "priority": 1000,
                "description": "per address",
                "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
                "rate_limit_options": {
                    "conform_action": "allow",
                    "exceed_action": "deny(429)",
                    "enforce_on_key": "IP",
                    "rate_limit_threshold": {"count": throttle.per_address, "interval_sec": _WINDOW_S},
                },
            },
            {
                "action": "allow",
                "priority": _DEFAULT,
                "description": "the rest",
                "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
            },
        ],
        opts=opts,
    )


def _refuse(attack: str, priority: int) -> SecurityPolicyRuleArgsDict:
    return {
        "action": "deny(403)",
        "priority": priority,
        "description": attack,
        "match": {"expr": {"expression": f"evaluatePreconfiguredWaf('{attack}', {{'sensitivity': 1}})"}},
    }
