"""The trainer image: from a task and its settings to a release, on any number of processes.

Started by torchrun as `python -m training`. Knows nothing of Pulumi or of where it runs.
"""
