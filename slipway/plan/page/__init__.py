"""The page of `slipway plan --html`: `render`. Nothing is computed here; every figure comes with the Overview."""

from slipway.plan.page.document import render

__all__ = ["render"]
