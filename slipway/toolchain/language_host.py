"""Pulumi's Python language host, for an engine that was built from its Go modules: the official one is in no module.

Runs programs and Python plug-ins (policy packs, providers) over the SDK's own protocol. Whoever installs Pulumi never
sees it: the official host comes with it and wins. Deliberately not here: making virtual environments, installing
packages, generating projects, debuggers and type checkers; `make` does what of it is needed.
"""

import argparse
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, NoReturn

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

_MESSAGE_LIMIT = 400 * 1024 * 1024  # the engine's own
_WATCH_S = 1.0
_GRACE_S = 2.0  # for a program to end by itself; the engine kills a host after 5
_BAIL = 32  # how the SDK exits when it has told the engine itself what is wrong
_EXEC = "pulumi-language-python-exec"  # starts a program; built with the engine, on the PATH that the engine got


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """engine: the address of the engine that started this host. tracing: where it collects traces; empty for none."""

    def __init__(self, *, engine: str, tracing: str) -> None:
        self._engine = engine
        self._tracing = tracing
        self._children: list[subprocess.Popen[bytes]] = []

    def Handshake(self, request: Any, context: Any) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        return language_pb2.GetProgramDependenciesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Any:
        return iter(())

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:
        """Run a program to its end. It writes where this host would: the engine shows that, errors as no failure."""
        venv = environment_of(request.info)
        configuration = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        process = subprocess.Popen(
            program_arguments(request, venv, engine=self._engine, tracing=self._tracing),
            env=activated(os.environ, venv) | configuration,
            cwd=request.pwd,
            stdin=subprocess.DEVNULL,
        )
        self._follow(process, context)
        code = process.wait()
        if code == _BAIL:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"program exited with code {code}" if code else "")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Run a policy pack or a provider in Python, and pass on what it writes: the engine reads its port there."""
        venv = environment_of(request.info)
        process = subprocess.Popen(
            plugin_arguments(request, venv),
            env=activated(dict(entry.split("=", 1) for entry in request.env), venv),
            cwd=request.pwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._follow(process, context)
        chunks: queue.Queue[Any] = queue.Queue()
        response = language_pb2.RunPluginResponse
        for stream, wrap in (
            (process.stdout, lambda chunk: response(stdout=chunk)),
            (process.stderr, lambda chunk: response(stderr=chunk)),
        ):
            threading.Thread(target=_pump, args=(stream, wrap, chunks), daemon=True).start()
        for _ in range(2):  # each stream ends with None
            yield from iter(chunks.get, None)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def leave(self) -> NoReturn:
        """What the engine expects of a plug-in that it interrupts: no process left, no words, exit code 0."""
        for process in self._children:
            _terminate(process)
        end = time.monotonic() + _GRACE_S
        for process in self._children:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
            if process.poll() is None:
                process.kill()
        os._exit(0)

    def _follow(self, process: subprocess.Popen[bytes], context: Any) -> None:
        """An engine that hangs up, because it was told to stop, waits for this process no more."""
        self._children.append(process)
        context.add_callback(lambda: _terminate(process))


def environment_of(info: Any) -> Path:
    """The virtual environment that Pulumi.yaml names, from its own folder, or uv's; without one, the host's own."""
    options = json_format.MessageToDict(info.options)
    named = options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else "")
    folder = Path(info.root_directory) / named
    return folder if named and folder.exists() else Path(sys.prefix)


def activated(environment: Mapping[str, str], venv: Path) -> dict[str, str]:
    path = os.pathsep.join([str(venv / "bin"), environment.get("PATH", os.defpath)])
    return {**environment, "VIRTUAL_ENV": str(venv), "PATH": path}


def program_arguments(request: Any, venv: Path, *, engine: str, tracing: str) -> list[str]:
    """The command line that Pulumi's own starter of programs takes; what is empty is left out."""
    options = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "stack": request.stack,
        "pwd": request.pwd,
        "organization": request.organization,
        "parallel": str(request.parallel),
        "root_directory": request.info.root_directory,
        "dry_run": "true" if request.dryRun else "",
        "tracing": tracing,
    }
    given = [word for name, value in options.items() if value for word in (f"--{name}", value)]
    program = os.path.normpath(Path(request.info.program_directory) / request.info.entry_point)
    return [str(venv / "bin" / "python"), "-u", shutil.which(_EXEC) or _EXEC, *given, program, *request.args]


def plugin_arguments(request: Any, venv: Path) -> list[str]:
    folder = request.info.program_directory
    policies = request.kind == "analyzer"
    what = ["-m", "pulumi.policy", *request.args, folder] if policies else [folder, *request.args]
    return [str(venv / "bin" / "python"), "-u", *what]


def _pump(stream: IO[bytes], wrap: Callable[[bytes], Any], chunks: "queue.Queue[Any]") -> None:
    while chunk := os.read(stream.fileno(), 1 << 16):
        chunks.put(wrap(chunk))
    chunks.put(None)


def _terminate(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()


def parse(words: list[str]) -> argparse.Namespace:
    """The official host's command line: flags for its log, which is not kept here, and the engine's address."""
    parser = argparse.ArgumentParser(prog="pulumi-language-python")
    parser.add_argument("--tracing", default="")
    parser.add_argument("engine", nargs="?", default="")
    return parser.parse_known_args(words)[0]


def main() -> NoReturn:
    given = parse(sys.argv[1:])
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", _MESSAGE_LIMIT)])
    host = LanguageHost(engine=given.engine, tracing=given.tracing)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: host.leave())
    server.start()
    engine = os.getppid()
    print(port, flush=True)
    while os.getppid() == engine:  # an engine that was killed tells nobody
        time.sleep(_WATCH_S)
    host.leave()


if __name__ == "__main__":
    main()
