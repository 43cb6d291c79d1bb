"""Why something is no candidate, said where it is found and listed where candidates are collected."""

from infra.settings.placement import ServingGoal

UNMEASURED = "model.service_ms says nothing of "
"""How the reason begins where nobody measured the model."""

NO_FIGURE = "there is no latency figure"
"""How the catalog's answer begins for a place and a region."""


class Unfit(Exception):  # noqa: N818 - a reason, not a failure
    """Its text is the reason, as the plan prints it."""


def measured_ms(goal: ServingGoal, on: str) -> float:
    """Time of one request on an accelerator by its name, or on cpu. Raises Unfit where nobody measured it."""
    if on not in goal.model.service_ms:
        raise Unfit(f"{UNMEASURED}{on}")
    return goal.model.service_ms[on]
