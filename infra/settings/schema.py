"""The JSON schema of a stack file, which editors read: `python -m infra.settings.schema` writes stacks/schema.json.

Made from the model that refuses wrong settings; rules between sections are not in it, because a schema cannot say them.
"""

import json
from pathlib import Path
from typing import Any

from infra.settings.explain import NAMESPACE, SECRETS
from infra.settings.model import Settings

FILE = Path(__file__).resolve().parents[2] / "stacks" / "schema.json"


def stack_schema() -> dict[str, Any]:
    """Of a whole file `stacks/Pulumi.<stack>.yaml`."""
    settings = Settings.model_json_schema()
    keys = {f"{NAMESPACE}:{name}": _sealable(name, schema) for name, schema in settings["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of Slipway",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": keys,
                "patternProperties": {"^pulumi:": {}},
                "required": [f"{NAMESPACE}:{name}" for name in settings.get("required", ())],
                "additionalProperties": False,
            },
            "encryptionsalt": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "secretsprovider": {"type": "string"},
        },
        "required": ["config"],
        "additionalProperties": False,
        "$defs": settings["$defs"],
    }


def rendered() -> str:
    return json.dumps(stack_schema(), indent=2) + "\n"


def _sealable(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A secret stands in the file as the engine sealed it, and in the clear nowhere."""
    if name not in SECRETS:
        return schema
    sealed = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
    return {**sealed, "additionalProperties": False, "description": f"pulumi config set --secret {NAMESPACE}:{name}"}


if __name__ == "__main__":
    FILE.write_text(rendered())
