"""Puts a replica together, serves it, and ends it without cutting a request.

Order of a start: take the port, bring and verify the release, reproduce its golden answers, listen. A port in use or a
wrong release ends the process with a message before any caller is accepted.

Order of a stop (SIGTERM): report not ready but go on serving for `drain_s`, each answer closing its connection, until
the edge has stopped sending; then stop listening, finish what is in flight, exit 0. A second SIGTERM skips the wait.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Iterator

import uvicorn
import uvloop

from services.predictor.app import App
from services.predictor.batcher import Batcher
from services.predictor.metrics import Metrics
from services.predictor.model import Model, warm_up
from services.predictor.protocol import Protocol
from services.predictor.routes import Replica, build_routes
from services.predictor.settings import Settings
from services.released import released
from slipway.errors import SettingsError
from slipway.release import Release, load

log = logging.getLogger("slipway.predictor")

_KEEP_ALIVE_S = 620
"""Longer than any edge keeps an idle connection (Google's balancer: 600 s), so that the edge, which can retry, closes
it first: https://cloud.google.com/load-balancing/docs/https#timeouts_and_retries."""


def run(settings: Settings) -> None:
    """Serve until told to stop. Raises SlipwayError when the replica cannot become ready."""
    with _bind(settings.host, settings.port) as listener:
        folder = released(settings.release, settings.digest, store=settings.store, name=settings.name)
        release = load(folder, settings.digest)
        model = Model(folder, release)
        rows = warm_up(model, folder, release, batch=settings.max_batch)
        gc.freeze()  # what is here now stays: no collection need look at it while requests wait
        log.info("release %s of %s reproduces its %d golden answers", release.short, release.name, rows)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, release, model, listener))


async def _serve(settings: Settings, release: Release, model: Model, listener: socket.socket) -> None:
    metrics = Metrics(name=release.name, version=release.version, release=release.short, region=settings.region)
    batcher = Batcher(model.infer, max_rows=settings.max_batch, limit_rows=settings.queue_limit, observe=metrics.batch)
    stopping, hurried = _stop_signals()
    replica = Replica(release=release, settings=settings, batcher=batcher, metrics=metrics, stopping=stopping)
    app = App(
        build_routes(replica),
        metrics,
        stopping,
        max_body_bytes=settings.max_body_bytes,
        body_s=settings.body_s,
    )
    metrics.watch(depth=lambda: batcher.depth, ready=lambda: not stopping.is_set())
    server = _Server(_config(app, settings, release))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    log.info("serving %s at http://%s:%d", release.short, settings.host, settings.port)

    await asyncio.wait([serving, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED)
    if stopping.is_set():
        log.info("told to stop: serving on for %g s until the edge has noticed", settings.drain_s)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hurried.wait(), settings.drain_s)
    server.should_exit = True
    await serving
    batcher.close()
    log.info("stopped with %d rows unanswered", batcher.depth)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are `_stop_signals`' business: uvicorn would stop listening at the first one."""
        yield


def _config(app: App, settings: Settings, release: Release) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        headers=[("x-slipway-release", release.short), ("x-slipway-region", settings.region)],
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.stop_s)),
    )


def _bind(host: str, port: int) -> socket.socket:
    """Take the port without listening yet: a caller is refused, not kept waiting, until the replica is ready."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"cannot listen at {host}:{port}: {error.strerror}", hint="free the port or set PORT to another"
        ) from error
    return listener


def _stop_signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Set by the first and by the second SIGTERM (or SIGINT); more of them change nothing."""
    stopping, hurried = asyncio.Event(), asyncio.Event()

    def stop() -> None:
        (hurried if stopping.is_set() else stopping).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopping, hurried
