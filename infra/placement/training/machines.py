"""Which machines can do a piece of work: the accelerator by its name in the catalog, and how many of them sit together.

People write accelerators in many ways (`nvidia-h100-80gb`, `a100`, `A10G`); this is the one place that reads them. A
name that could be two is asked back, never guessed: an A100 with 40 GB does not run what one with 80 GB does.
"""

import math
import re

from infra.catalog import Catalog, Offer
from infra.placement.errors import PlacementError
from infra.settings.placement import TrainingWork

_NOISE = re.compile(r"^(nvidia|nvidia-tesla|tesla|google|aws)-|-(sxm\d?|pcie|tensor-core|gpu)\b")
_ALIASES = {
    "a10": "A10G",  # AWS's variant is the only A10 on offer
    "h100-80gb": "H100",
    "h200-141gb": "H200",
    "inf2": "Inferentia2",
    "rtx-6000-pro": "RTX-PRO-6000",
    "trn1": "Trainium1",
    "v5e": "TPU-v5e",
    "v5litepod": "TPU-v5e",
    "v5p": "TPU-v5p",
    "v6e": "TPU-v6e",
}


def accelerator_named(name: str, catalog: Catalog) -> str:
    """The catalog's name for an accelerator. Raises PlacementError with the names that it may be."""
    known = {_plain(row): row for row in catalog.accelerators}
    wanted = _plain(name)
    if wanted in known:
        return known[wanted]
    if _ALIASES.get(wanted) in catalog.accelerators:
        return _ALIASES[wanted]
    kin = [row for plain, row in known.items() if plain.startswith(f"{wanted}-")]
    if kin:
        raise PlacementError(
            f"slipway:work.accelerator: {name} may be {' or '.join(kin)}", hint="write the one that it was measured on"
        )
    raise PlacementError(
        f"slipway:work.accelerator: the catalog knows no accelerator {name!r}",
        hint=f"it knows {', '.join(catalog.accelerators)}",
    )


def machines_for(work: TrainingWork, offer: Offer) -> int | None:
    """How many of these machines the work fills; None where too few accelerators share one.

    A larger machine than needed is paid whole: what the rest of it would speed up was not measured.
    """
    if offer.accelerators < work.per_machine:
        return None
    return math.ceil(work.accelerators / offer.accelerators)


def _plain(name: str) -> str:
    plain = re.sub(r"[\s_]+", "-", name.strip().lower())
    return _NOISE.sub("", _NOISE.sub("", plain))
