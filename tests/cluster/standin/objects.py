"""The life of an object on the cluster, in the engine's own values: checked, compared, applied, read, deleted.

Every method blocks, may run beside any other, and raises RefusedError, mostly with the API server's words.
"""

import contextlib
import copy
import hashlib
import threading
from collections.abc import Iterator

from google.protobuf.struct_pb2 import Struct

from tests.cluster.api import Api, ApiRefusedError, Manifest, Reference, UnknownKindError, UnreachableError
from tests.cluster.standin import naming
from tests.cluster.standin.drift import as_found
from tests.cluster.standin.replacing import by_rule, by_server, is_immutable
from tests.cluster.standin.settings import Settings
from tests.cluster.standin.waiting import Waiting
from tests.engine.simulated.core.difference import Difference, changes
from tests.engine.simulated.core.problem import Problem, RefusedError
from tests.engine.simulated.core.protocol import HalfMadeError
from tests.engine.simulated.core.wire import UNKNOWN, Plain, is_known, marked, merged, plain, secret, struct

_DEADLINE_S = 120.0
"""Pulumi's provider waits up to 10 minutes; a test has not got those. `custom_timeouts` overrides it."""

_ELSEWHERE = "default"
"""A namespace that is always there: an object for one that is not made yet is shown to the API server in this one."""

_BY_THE_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
_DRAWN_ANEW = {"Service": ("clusterIP", "clusterIPs", "healthCheckNodePort")}
"""What each dry run draws again, so that a preview cannot know it."""


class Objects:
    """Of one provider resource."""

    def __init__(self, api: Api, settings: Settings, cancelled: threading.Event) -> None:
        self._api, self._settings = api, settings
        self._waiting = Waiting(api, cancelled)

    def check(self, name: str, news: Struct, olds: Struct, letters: str) -> tuple[Struct, list[Problem]]:
        """The inputs with a name, and what is wrong with them that needs no API server."""
        inputs = plain(news)
        added = naming.drawn(inputs, plain(olds), name, letters)
        return merged(news, added), list(_problems(inputs))

    def difference(self, urn: str, before: Struct, after: Struct) -> Difference:
        """Between inputs. What replaces is asked of the API server where it can be."""
        old, new = self._canonical(plain(before)), self._canonical(plain(after))
        found = changes(old, new)
        paths = [change.path for change in found]
        replaces = by_rule(new, paths, self._settings)
        if paths and not replaces and is_known(new):
            replaces = self._immutable(urn, new, paths)
        same_place = naming.metadata(old).get("name") == naming.metadata(new).get("name") and naming.metadata(old).get(
            "namespace"
        ) == naming.metadata(new).get("namespace")
        return Difference(
            changes=found,
            replaces=replaces,
            delete_first=bool(replaces) and same_place and not naming.is_autonamed(new),
        )

    def foreseen(self, urn: str, inputs: Struct) -> Struct:
        """What the API server would make of it, as far as it can be told before. Refuses what it would refuse."""
        wanted = plain(inputs)
        if not is_known(wanted):
            return inputs
        try:
            body = self._placed(wanted)
            would_be = self._would_be(urn, body)
        except (UnknownKindError, UnreachableError):  # its definition, or the cluster itself, is still to come
            return inputs
        except ApiRefusedError as refused:
            if is_immutable(refused) and self._api.find(Reference.of(self._placed(wanted))) is not None:
                return inputs  # the one that it replaces is still there
            raise
        return marked(struct(_foretold(would_be, wanted)), inputs)

    def create(self, urn: str, inputs: Struct, timeout_s: float) -> tuple[str, Struct]:
        wanted = plain(inputs)
        body = self._waiting.served(lambda: self._placed(wanted))
        reference = Reference.of(body)
        if not self._settings.adopt and self._api.find(reference) is not None:
            raise RefusedError(
                "AlreadyExists", f"{reference.kind} {_id(reference)} is there already, and not of this stack"
            )
        self._apply(urn, body)
        return _id(reference), self._finished(reference, inputs, urn, timeout_s)

    def update(self, urn: str, inputs: Struct, timeout_s: float) -> Struct:
        body = self._placed(plain(inputs))
        self._apply(urn, body)
        return self._finished(Reference.of(body), inputs, urn, timeout_s)

    def read(self, token: str, resource_id: str, inputs: Struct, urn: str) -> tuple[Struct, Struct] | None:
        """Inputs and outputs as the cluster has them, or None. Without inputs it is an import."""
        wanted = plain(inputs)
        try:
            live = self._api.find(_reference(token, resource_id, wanted))
        except UnknownKindError:
            return None
        if live is None:
            return None
        if not wanted:
            imported = struct(_as_inputs(live))
            return imported, self._outputs(live, imported, urn)
        body = self._placed(wanted)
        applied = self._api.apply(body, manager=_manager(urn), force=True, dry_run=True)
        found = marked(struct(as_found(wanted, applied, live)), inputs)
        return found, self._outputs(live, found, urn)

    def delete(self, token: str, resource_id: str, outputs: Struct, timeout_s: float) -> None:
        """Returns once it is gone, with all that belongs to it. What is gone already is no error."""
        state = plain(outputs)
        reference = _reference(token, resource_id, state)
        try:
            self._api.delete(reference, propagation=naming.propagation(state))
            self._waiting.gone(reference, timeout_s or _DEADLINE_S)
        except UnknownKindError:
            return

    def _apply(self, urn: str, body: Manifest) -> None:
        force = self._settings.force or naming.forces(body)
        try:
            self._api.apply(body, manager=_manager(urn), force=force)
        except ApiRefusedError as refused:
            if refused.code == "Conflict":
                hint = "set enablePatchForce, or annotate it with pulumi.com/patchForce, to take the fields over"
                raise RefusedError("Conflict", f"{str(refused).partition(': ')[2]}; {hint}") from None
            raise

    def _finished(self, reference: Reference, inputs: Struct, urn: str, timeout_s: float) -> Struct:
        """The outputs once it is ready. Raises HalfMadeError when it does not become so in time."""
        wanted = plain(inputs)
        if naming.skips_await(wanted):
            live, why = self._api.find(reference), ""
        else:
            deadline_s = timeout_s or naming.timeout_s(wanted) or _DEADLINE_S
            live, why = self._waiting.ready(reference, deadline_s)
        outputs = self._outputs(live or wanted, inputs, urn)
        if why:
            raise HalfMadeError(_id(reference), inputs=inputs, outputs=outputs, why=why)
        return outputs

    def _would_be(self, urn: str, body: Manifest) -> Manifest:
        """A dry run, in another namespace where its own is still to come."""
        namespace = body["metadata"].get("namespace")
        missing = namespace and self._api.find(Reference(api_version="v1", kind="Namespace", name=namespace)) is None
        shown = {**body, "metadata": {**body["metadata"], "namespace": _ELSEWHERE}} if missing else body
        would_be = self._api.apply(shown, manager=_manager(urn), force=True, dry_run=True)
        if missing:
            would_be["metadata"]["namespace"] = namespace
        return would_be

    def _immutable(self, urn: str, new: Plain, paths: list[str]) -> frozenset[str]:
        with contextlib.suppress(UnknownKindError, UnreachableError):
            try:
                self._api.apply(self._placed(new), manager=_manager(urn), force=True, dry_run=True)
            except ApiRefusedError as refused:
                # any other refusal is told by the preview of the update
                return by_server(refused, paths) if is_immutable(refused) else frozenset()
        return frozenset()

    def _canonical(self, inputs: Plain) -> Plain:
        """With its namespace told: to name the provider's own is no difference to naming none."""
        with contextlib.suppress(UnknownKindError, UnreachableError):
            return self._placed(inputs)
        return inputs

    def _placed(self, inputs: Plain) -> Manifest:
        """The manifest, in its namespace if its kind has one."""
        body = copy.deepcopy(inputs)
        metadata = body.setdefault("metadata", {})
        if not self._api.is_namespaced(body["apiVersion"], body["kind"]):
            metadata.pop("namespace", None)
        else:
            metadata.setdefault("namespace", self._settings.namespace)
        return body

    def _outputs(self, live: Manifest, inputs: Struct, urn: str) -> Struct:
        """As it is there, without the server's book-keeping; what is a secret among the inputs is one here."""
        metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
        outputs = marked(struct({**live, "metadata": metadata, "__fieldManager": _manager(urn)}), inputs)
        if live["kind"] == "Secret":
            for key in ("data", "stringData"):
                if key in outputs.fields:
                    outputs.fields[key].CopyFrom(secret(outputs.fields[key]))
        return outputs


def _problems(inputs: Plain) -> Iterator[Problem]:
    for key in ("apiVersion", "kind"):
        if not inputs.get(key):
            yield Problem(path=key, reason="is required")


def _foretold(would_be: Manifest, wanted: Manifest) -> Manifest:
    """Without what only a real creation settles."""
    told = {key: value for key, value in would_be.items() if key != "status"}
    told["metadata"] = {key: value for key, value in told["metadata"].items() if key not in _BY_THE_SERVER}
    given = wanted.get("spec", {})
    for key in _DRAWN_ANEW.get(told["kind"], ()):
        if key in told.get("spec", {}) and key not in given:
            told["spec"][key] = UNKNOWN
    return told


def _as_inputs(live: Manifest) -> Manifest:
    """What of a live object a program would have to say, for an import."""
    kept = ("name", "namespace", "labels", "annotations")
    metadata = {key: live["metadata"][key] for key in kept if key in live["metadata"]}
    return {key: value for key, value in live.items() if key != "status"} | {"metadata": metadata}


def _manager(urn: str) -> str:
    """Each resource manages its fields by a name of its own, always the same."""
    return f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def _id(reference: Reference) -> str:
    return f"{reference.namespace}/{reference.name}" if reference.namespace else reference.name


def _reference(token: str, resource_id: str, known: Plain) -> Reference:
    """From an id, and from what is known beside it or, for an import, from the resource's type."""
    namespace, _, name = resource_id.rpartition("/")
    _, version, kind = token.split(":", 2)
    return Reference(
        api_version=known.get("apiVersion") or version.removeprefix("core/"),
        kind=known.get("kind") or kind,
        name=name,
        namespace=namespace,
    )
