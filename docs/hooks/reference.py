"""Writes the reference pages from the code when the site is built: settings, command line, metrics.

mkdocs calls `on_files`; the pages exist only in the built site, so they cannot fall behind the code.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from prometheus_client.parser import text_string_to_metric_families

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.settings import NAMESPACE, Settings
from services.predictor.metrics import Metrics
from slipway.cli.app import app
from training.observe.gauges import NAMES, PHASE_SECONDS


def on_files(files: Files, config: MkDocsConfig) -> Files:
    pages = {"settings": settings_page(), "cli": cli_page(), "metrics": metrics_page()}
    for name, content in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def settings_page() -> str:
    """A table of every key of a stack file, from the model that refuses wrong ones."""
    schema = Settings.model_json_schema()
    rows = "\n".join(_setting_rows(schema, schema, f"{NAMESPACE}:"))
    return (
        "# Settings\n\nEvery key of `stacks/Pulumi.<stack>.yaml`, from `infra/settings`. A stack file holds only "
        "what differs; an unknown key is refused.\n\n| key | type and bounds | default | meaning |\n|---|---|---|---|\n"
        + rows
    )


def cli_page() -> str:
    """Every command with its options, from the command tree itself."""
    return "# Command line\n\n`slipway --help` says the same.\n\n" + "\n".join(
        _command_section(name, command) for name, command in _commands(typer.main.get_command(app))
    )


def metrics_page() -> str:
    """Every metric that a replica offers, from the registry it is counted in, and every one of a trainer's worker."""
    metrics = Metrics(name="", version="", release="", region="")
    metrics.watch(depth=lambda: 0, ready=lambda: True)
    rows = [
        f"| `{family.name}` | {family.type} | {family.documentation} |"
        for family in text_string_to_metric_families(metrics.page().decode())
        if not family.name.startswith(("python_", "process_"))
    ]
    head = "# Metrics\n\nWhat a predictor offers at `/metrics`, in Prometheus' text format.\n\n"
    table = "| metric | type | meaning |\n|---|---|---|\n"
    training = [f"| `{name}` | gauge | {meaning} |" for name, meaning in NAMES.items()]
    training.append(f"| `{PHASE_SECONDS}` | counter | Time spent, by `phase`: what the worker did |")
    below = "\n\n## Training\n\nWhat each worker of a run offers where `training.observe.metrics_port` is set.\n\n"
    return head + table + "\n".join(rows) + below + table + "\n".join(training)


def _setting_rows(root: Mapping[str, Any], node: Mapping[str, Any], prefix: str) -> Iterator[str]:
    required = set(node.get("required", ()))
    for name, field in node.get("properties", {}).items():
        target = _resolve(root, field)
        key = f"{prefix}{name}"
        if "properties" in target:
            yield f"| **`{key}`** | | | {_cell(target.get('description', ''))} |"
            yield from _setting_rows(root, target, f"{key}.")
            continue
        default = "**required**" if name in required else f"`{field.get('default')}`"
        yield f"| `{key}` | {_bounds(target)} | {default} | {_cell(field.get('description', ''))} |"


def _resolve(root: Mapping[str, Any], field: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = field.get("$ref")
    return root["$defs"][reference.rsplit("/", 1)[-1]] if reference else field


def _bounds(field: Mapping[str, Any]) -> str:
    if choices := field.get("enum") or ([field["const"]] if "const" in field else None):
        return "one of " + ", ".join(f"`{choice}`" for choice in choices)
    kind = field.get("type") or " or ".join(option.get("type", "value") for option in field.get("anyOf", ()))
    signs = {"minimum": "≥", "maximum": "≤", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
    return " ".join([str(kind), *(f"{sign} {field[bound]}" for bound, sign in signs.items() if bound in field)])


def _commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command under its full name; a group stands by its commands."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _command_section(name: str, command: Any) -> str:
    options = [
        f"| `{' '.join(parameter.opts)}` | {_cell(getattr(parameter, 'help', '') or '')} |"
        for parameter in command.params
        if not parameter.hidden and parameter.name != "help"
    ]
    table = "\n| option | meaning |\n|---|---|\n" + "\n".join(options) + "\n" if options else ""
    return f"## slipway {name}\n\n{command.help}\n{table}\n{command.epilog or ''}\n"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()
