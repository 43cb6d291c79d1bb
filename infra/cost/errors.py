"""What can be wrong with a preview, or with the question of what it costs."""

from slipway.errors import SlipwayError


class CostError(SlipwayError):
    """A bill cannot be made from what was given."""

    exit_code = 9


class PreviewError(CostError):
    """The document is not a preview of the engine, or one of a program that failed."""


class NotPriced(Exception):  # noqa: N818 - what a pricer says of a resource, never shown as an error
    """One resource has no figure. Its message is the reason, which the bill shows in place of a price."""
