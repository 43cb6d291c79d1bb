"""The simulated GCP as tests ask it: what it says of a registration, before anything is made."""

from typing import Any

from tests.engine.simulated.gcp.cloud import Gcp

GCP = Gcp()


def problems(token: str, inputs: dict[str, Any]) -> str:
    """A line for each, with its path; nothing for what is right."""
    return "\n".join(f"{problem.path}: {problem.reason}" for problem in GCP.problems(token, inputs))
