"""What is seen of a run while it goes on, and what ends one that does nothing.

A loop tells one `Observer` what it does and how its steps went; `figures` turns that into numbers, which `gauges`
offers to Prometheus on every worker and the tracker hands to MLflow. `profile` writes a trace of a few steps.
`watchdog` ends a run whose exchange hangs, by the `beats` that its workers leave, and `idle` one whose GPUs do nothing.
`whole` puts them together as a job's settings say.
"""

from training.observe.observer import Observer

__all__ = ["Observer"]
