"""Figures as people read them."""

import math


def usd(amount: float) -> str:
    """Whole dollars from a hundred up, cents below."""
    return f"${amount:,.0f}" if abs(amount) >= 100 else f"${amount:,.2f}"


def unit_usd(amount: float) -> str:
    """A price of one unit: its leading figures, however small it is."""
    if amount == 0 or abs(amount) >= 10:
        return f"${amount:,.2f}"
    decimals = max(2, 3 - math.floor(math.log10(abs(amount))))
    whole, _, part = f"{amount:.{decimals}f}".partition(".")
    return f"${whole}.{part.rstrip('0').ljust(2, '0')}"


def quantity(amount: float) -> str:
    """Four figures; no fractions of thousands."""
    return f"{amount:,.0f}" if abs(amount) >= 1000 else f"{amount:.4g}"


def ms(amount: float) -> str:
    return f"{amount:,.0f} ms"


def percent(share: float) -> str:
    """As many decimals as it takes to tell an availability from 100 %; cut off there, not rounded up to a promise."""
    if share <= 0.99:
        return f"{100 * share:.1f}".removesuffix(".0") + " %"
    return f"{math.floor(1e6 * share + 1e-6) / 1e4:.4f}".rstrip("0").rstrip(".") + " %"


def place(name: str) -> str:
    """`city:Pune` and `geo:IN` without the catalog's prefix."""
    return name.partition(":")[2] or name
