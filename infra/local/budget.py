"""The budget of one machine is its memory: a stack that needs more than there is would end in the OOM killer.

Money has no meaning here; aws and gcp hold spending limits and alerts in this file's twin.
"""

import psutil

from infra.settings import Settings
from slipway.errors import SettingsError

_GIB = 1 << 30
_OTHERS_GIB = 1.0  # Envoy, the console, supervisord and the engine, measured together under 0.6 GiB
_TRACKING_GIB = 0.6


class Budget:
    @staticmethod
    def needed_gib(settings: Settings) -> float:
        """The least memory that the stack may need at once: every service's lower bound of replicas at its limit."""
        predictors = len(settings.regions) * settings.predictor.replicas.min * settings.predictor.memory_gib
        workers = settings.worker.replicas.min * settings.worker.memory_gib
        tracking = _TRACKING_GIB if settings.tracking.server else 0
        return predictors + workers + settings.queue.memory_gib + tracking + _OTHERS_GIB

    @classmethod
    def check(cls, settings: Settings) -> None:
        """Raises SettingsError when the stack cannot fit into this machine's memory."""
        needed, present = cls.needed_gib(settings), psutil.virtual_memory().total / _GIB
        if needed > present:
            raise SettingsError(
                f"slipway:predictor.memory_gib: the stack may take {needed:.1f} GiB, this machine has {present:.1f}",
                hint="lower predictor.replicas, predictor.memory_gib or worker.memory_gib, or serve fewer regions",
            )
