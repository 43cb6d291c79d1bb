"""Submit a training job and get the release it made. One protocol: this machine speaks it, and so does a cluster.

Imports no torch: `slipway train` starts fast, and the trainer pays for torch in its own processes.
"""

from training.launch.local import LocalLauncher
from training.launch.protocol import JobHandle, JobSpec, JobState, Launcher
from training.launch.submit import train
from training.outcome import TrainingResult

__all__ = ["JobHandle", "JobSpec", "JobState", "Launcher", "LocalLauncher", "TrainingResult", "train"]
