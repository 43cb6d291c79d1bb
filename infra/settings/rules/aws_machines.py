"""What a machine type's name says on AWS, and which types have the fabric. Pure.

Whether a type is offered in a region, and what it costs, is in infra/catalog.
"""

import re

_ARM = re.compile(r"([a-z]+\d+g[a-z]*|a1|p6e-[a-z0-9]+)\.")
"""Graviton: a `g` right behind the generation, as m7g and c7gn; g6 has it before."""

EFA_CARDS = {
    "g4dn.8xlarge": 1,
    "g4dn.12xlarge": 1,
    "g4dn.16xlarge": 1,
    "g4dn.metal": 1,
    "g5.8xlarge": 1,
    "g5.12xlarge": 1,
    "g5.16xlarge": 1,
    "g5.24xlarge": 1,
    "g5.48xlarge": 1,
    "g6.8xlarge": 1,
    "g6.12xlarge": 1,
    "g6.16xlarge": 1,
    "g6.24xlarge": 1,
    "g6.48xlarge": 1,
    "g6e.8xlarge": 1,
    "g6e.12xlarge": 1,
    "g6e.16xlarge": 1,
    "g6e.24xlarge": 2,
    "g6e.48xlarge": 4,
    "p4d.24xlarge": 4,
    "p4de.24xlarge": 4,
    "p5.4xlarge": 1,
    "p5.48xlarge": 32,
    "p5e.48xlarge": 32,
    "p5en.48xlarge": 16,
    "p6-b200.48xlarge": 8,
    "trn1.32xlarge": 8,
    "trn1n.32xlarge": 16,
    "trn2.48xlarge": 16,
}
"""Network cards with an Elastic Fabric Adapter, from the EC2 user guide on network cards, November 2026. Types that are
younger, or whose first card has none (p6-b300), are not here and are refused."""


def is_arm(machine: str) -> bool:
    return bool(_ARM.match(machine))
