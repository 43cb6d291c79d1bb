"""Where one training job runs: what each way would cost and take, and the order in which capacity is tried.

    place(work, catalog) -> TrainingPlan      the cheapest that keeps the deadline
    estimate(job, rates, supply) -> Estimate  the closed form behind it

It decides before a job starts. What to do while it runs (wait, move, fall back) is infra/placement/spot's; both count
the same hours, and tests/bench/cost.py holds the band printed here against bills that the policy there ran up.
"""

from infra.placement.training.candidates import saved_on_notice
from infra.placement.training.estimate import Estimate, Job, Rates, estimate
from infra.placement.training.place import place
from infra.placement.training.plan import Band, Candidate, CostLine, Loser, Step, TrainingPlan
from infra.placement.training.supply import SpotSupply, from_offer, from_record, unrecorded

__all__ = [
    "Band",
    "Candidate",
    "CostLine",
    "Estimate",
    "Job",
    "Loser",
    "Rates",
    "SpotSupply",
    "Step",
    "TrainingPlan",
    "estimate",
    "from_offer",
    "from_record",
    "place",
    "saved_on_notice",
    "unrecorded",
]
