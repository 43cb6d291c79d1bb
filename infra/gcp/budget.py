"""What a stack may cost, and who hears of it in time: of what was spent, and of the forecast.

A budget tells and does not stop; what a preview would cost is the policy pack's. The stack's project holds one stack's
environment, so the project's cost is the budget's.
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_gcp import billing
from pulumi_gcp.monitoring import NotificationChannel

from infra.settings import BudgetSettings


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    project_number: str
    settings: BudgetSettings


class Budget(ComponentResource):
    """channel: by which a person is told, of alarms too."""

    channel: Output[str]

    def __init__(self, name: str, args: BudgetArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Budget", name, None, opts)
        child, settings = ResourceOptions(parent=self), args.settings
        channel = NotificationChannel(
            name,
            display_name=f"Slipway: {settings.alert}",
            type="email",
            labels={"email_address": settings.alert},
            opts=child,
        )
        self.channel = channel.id
        billing.Budget(
            name,
            billing_account=settings.billing_account,
            display_name=f"slipway-{name}",
            budget_filter={
                "projects": [f"projects/{args.project_number}"],
                "calendar_period": "MONTH",
                "credit_types_treatment": "EXCLUDE_ALL_CREDITS",
            },
            amount={"specified_amount": {"currency_code": "USD", "units": str(round(settings.usd_per_month))}},
            threshold_rules=[
                {"threshold_percent": 0.8, "spend_basis": "CURRENT_SPEND"},
                {"threshold_percent": 1.0, "spend_basis": "CURRENT_SPEND"},
                {"threshold_percent": 1.0, "spend_basis": "FORECASTED_SPEND"},
            ],
            all_updates_rule={
                "monitoring_notification_channels": [channel.id],
                "disable_default_iam_recipients": True,
            },
            opts=child,
        )
        self.register_outputs({})
