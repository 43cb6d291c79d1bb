"""Compares the objects on the cluster with what the stack applied. Runs there, from a ConfigMap, on Python alone.

`python report.py applied.json`: exit code 0 when every object is as it was applied, 1 when one is not, with a line for
every field. What Kubernetes or others have added to an object is no difference. Reads only.
"""

import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT_S = 10

Ask = Callable[[str], "dict[str, Any] | None"]


def main(argv: list[str]) -> int:
    entries = json.loads(Path(argv[0]).read_text())
    found = list(differences(entries, ask_from_inside()))
    for line in found:
        print(line)
    print(f"{len(entries)} objects looked at, {len(found)} differences")
    return 1 if found else 0


def differences(entries: Iterable[Mapping[str, Any]], ask: Ask) -> Iterator[str]:
    """A line for every field that is not as it was applied. ask: the object at a path, or None."""
    for entry in entries:
        live = ask(entry["path"])
        if live is None:
            yield f"{entry['path']}: is gone"
            continue
        for where, wanted, found in compare(entry["applied"], live):
            yield f"{entry['path']} {where}: {json.dumps(found)} and not {json.dumps(wanted)}"


def compare(wanted: Any, found: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where `found` lacks or differs from what is in `wanted`; lists of named things are compared by name."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        live = cast("dict[str, Any]", found)
        for key, value in cast("dict[str, Any]", wanted).items():
            yield from compare(value, live.get(key), f"{where}.{key}" if where else key)
    elif (
        isinstance(wanted, list)
        and isinstance(found, list)
        and (pairs := _paired(cast("list[Any]", wanted), cast("list[Any]", found)))
    ):
        for place, one, other in pairs:
            yield from compare(one, other, f"{where}[{place}]")
    elif wanted != found and not (_is_empty(wanted) and _is_empty(found)):
        yield where, wanted, found


def _paired(wanted: list[Any], found: list[Any]) -> list[tuple[Any, Any, Any]]:
    """What stands for what: by name where all are named, else by place; nothing where they are not equally many."""
    if all(isinstance(each, dict) and "name" in each for each in [*wanted, *found]):
        named = {each["name"]: each for each in found}
        return [(each["name"], each, named.get(each["name"])) for each in wanted]
    if len(wanted) != len(found):
        return []
    return [(place, one, other) for place, (one, other) in enumerate(zip(wanted, found, strict=True))]


def _is_empty(value: Any) -> bool:
    """The API server leaves out what is empty."""
    return value is None or value == "" or value == {} or value == []


def ask_from_inside() -> Ask:
    """Asks the API server as the pod's service account."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    token = (_ACCOUNT / "token").read_text().strip()

    def ask(path: str) -> dict[str, Any] | None:
        request = urllib.request.Request(server + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=context) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return None
            raise

    return ask


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
