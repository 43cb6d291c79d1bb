"""Long work through a queue: what predictors, which put tasks, and workers, which do them, share.

`open_queue(url)` gives the one driver there is, on Valkey: a TaskQueue for callers and a TaskSource for workers. An
acknowledged task survives kill -9 of any worker and of the broker. `server_config` says how a broker of ours must run.

Deliberately not here: what a task means (services/worker), HTTP (services/predictor), order between tasks, priorities,
schedules and results that are kept for good: a queue is no database.
"""

from services.tasks.address import open_queue, queue_url
from services.tasks.protocol import (
    Claim,
    Depth,
    KeyReusedError,
    QueueFullError,
    QueueUnavailableError,
    TaskQueue,
    TaskSource,
    TaskState,
    TaskView,
)
from services.tasks.retry import Policy
from services.tasks.scripts import STREAM
from services.tasks.server import server_config, valkey_server

__all__ = [
    "STREAM",
    "Claim",
    "Depth",
    "KeyReusedError",
    "Policy",
    "QueueFullError",
    "QueueUnavailableError",
    "TaskQueue",
    "TaskSource",
    "TaskState",
    "TaskView",
    "open_queue",
    "queue_url",
    "server_config",
    "valkey_server",
]
