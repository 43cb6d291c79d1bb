"""The life of an object on the cluster, in the engine's own values: checked, compared, applied, read, deleted.

Every method blocks, may run beside any other, and raises RefusedError, mostly with the API server's words.
"""

import contextlib
import copy
import threading

from google.protobuf.struct_pb2 import Struct

from tests.cluster.api import Api, ApiRefusedError, Manifest, Reference, UnknownKindError, UnreachableError
from tests.cluster.standin import naming
from tests.cluster.standin.drift import as_found
from tests.cluster.standin.manifests import as_inputs, foretold, id_of, manager_of, problems, reference_of
from tests.cluster.standin.replacing import by_rule, by_server, is_immutable
from tests.cluster.standin.settings import Settings
from tests.cluster.standin.waiting import Waiting
from tests.engine.simulated.core.difference import Difference, changes
from tests.engine.simulated.core.problem import Problem, RefusedError
from tests.engine.simulated.core.protocol import HalfMadeError
from tests.engine.simulated.core.wire import Plain, is_known, marked, merged, plain, secret, struct

_DEADLINE_S = 120.0
"""Pulumi's provider waits up to 10 minutes; a test has not got those. `custom_timeouts` overrides it."""

_ELSEWHERE = "default"
"""A namespace that is always there: an object for one that is not made yet is shown to the API server in this one."""


class Objects:
    """Of one provider resource."""

    def __init__(self, api: Api, settings: Settings, cancelled: threading.Event) -> None:
        self._api, self._settings = api, settings
        self._waiting = Waiting(api, cancelled)

    def check(self, name: str, news: Struct, olds: Struct, letters: str) -> tuple[Struct, list[Problem]]:
        """The inputs with a name, and what is wrong with them that needs no API server."""
        inputs = plain(news)
        added = naming.drawn(inputs, plain(olds), name, letters)
        return merged(news, added), list(problems(inputs))

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
        return marked(struct(foretold(would_be, wanted)), inputs)

    def create(self, urn: str, inputs: Struct, timeout_s: float) -> tuple[str, Struct]:
        wanted = plain(inputs)
        body = self._waiting.served(lambda: self._placed(wanted))
        reference = Reference.of(body)
        if not self._settings.adopt and self._api.find(reference) is not None:
            raise RefusedError(
                "AlreadyExists", f"{reference.kind} {id_of(reference)} is there already, and not of this stack"
            )
        self._apply(urn, body)
        return id_of(reference), self._finished(reference, inputs, urn, timeout_s)

    def update(self, urn: str, inputs: Struct, timeout_s: float) -> Struct:
        body = self._placed(plain(inputs))
        self._apply(urn, body)
        return self._finished(Reference.of(body), inputs, urn, timeout_s)

    def read(self, token: str, resource_id: str, inputs: Struct, urn: str) -> tuple[Struct, Struct] | None:
        """Inputs and outputs as the cluster has them, or None. Without inputs it is an import."""
        wanted = plain(inputs)
        try:
            live = self._api.find(reference_of(token, resource_id, wanted))
        except UnknownKindError:
            return None
        if live is None:
            return None
        if not wanted:
            imported = struct(as_inputs(live))
            return imported, self._outputs(live, imported, urn)
        body = self._placed(wanted)
        applied = self._api.apply(body, manager=manager_of(urn), force=True, dry_run=True)
        found = marked(struct(as_found(wanted, applied, live)), inputs)
        return found, self._outputs(live, found, urn)

    def delete(self, token: str, resource_id: str, outputs: Struct, timeout_s: float) -> None:
        """Returns once it is gone, with all that belongs to it. What is gone already is no error."""
        state = plain(outputs)
        reference = reference_of(token, resource_id, state)
        try:
            self._api.delete(reference, propagation=naming.propagation(state))
            self._waiting.gone(reference, timeout_s or _DEADLINE_S)
        except UnknownKindError:
            return

    def _apply(self, urn: str, body: Manifest) -> None:
        force = self._settings.force or naming.forces(body)
        try:
            self._api.apply(body, manager=manager_of(urn), force=force)
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
            raise HalfMadeError(id_of(reference), inputs=inputs, outputs=outputs, why=why)
        return outputs

    def _would_be(self, urn: str, body: Manifest) -> Manifest:
        """A dry run, in another namespace where its own is still to come."""
        namespace = body["metadata"].get("namespace")
        missing = namespace and self._api.find(Reference(api_version="v1", kind="Namespace", name=namespace)) is None
        shown = {**body, "metadata": {**body["metadata"], "namespace": _ELSEWHERE}} if missing else body
        would_be = self._api.apply(shown, manager=manager_of(urn), force=True, dry_run=True)
        if missing:
            would_be["metadata"]["namespace"] = namespace
        return would_be

    def _immutable(self, urn: str, new: Plain, paths: list[str]) -> frozenset[str]:
        with contextlib.suppress(UnknownKindError, UnreachableError):
            try:
                self._api.apply(self._placed(new), manager=manager_of(urn), force=True, dry_run=True)
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
        outputs = marked(struct({**live, "metadata": metadata, "__fieldManager": manager_of(urn)}), inputs)
        if live["kind"] == "Secret":
            for key in ("data", "stringData"):
                if key in outputs.fields:
                    outputs.fields[key].CopyFrom(secret(outputs.fields[key]))
        return outputs
