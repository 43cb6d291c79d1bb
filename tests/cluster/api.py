"""A cluster's API as plain manifests, through the dynamic client of Kubernetes' own library."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import urllib3
from kubernetes import config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError
from kubernetes.dynamic.resource import Resource

from tests.engine.simulated.core.problem import RefusedError

Manifest = dict[str, Any]
Patch = Literal["application/merge-patch+json", "application/apply-patch+yaml"]

_APPLY: Patch = "application/apply-patch+yaml"
_MERGE: Patch = "application/merge-patch+json"
_ASK_S = 30


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What the API server says of one field. path: as it writes it."""

    path: str
    reason: str
    message: str


class ApiRefusedError(RefusedError):
    """The API server's no, in its words. reason: its own word for the kind of refusal, as NotFound or Invalid."""

    def __init__(self, reason: str, message: str, causes: tuple[Cause, ...] = ()) -> None:
        super().__init__(reason, message)
        self.causes = causes


class UnknownKindError(RefusedError):
    """The API server serves no such kind, for one whose CustomResourceDefinition is not there."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__("NoKindMatch", f"the API server serves no kind {kind} in {api_version}")


class UnreachableError(RefusedError):
    def __init__(self, message: str) -> None:
        super().__init__("Unreachable", message)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One object. namespace: empty for what is in none."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Reference":
        metadata = manifest["metadata"]
        return cls(
            api_version=manifest["apiVersion"],
            kind=manifest["kind"],
            name=metadata["name"],
            namespace=metadata.get("namespace", ""),
        )


class Api:
    """Safe for many threads. Every method blocks and raises ApiRefusedError, UnknownKindError or UnreachableError."""

    def __init__(self, kubeconfig: Mapping[str, Any], context: str = "") -> None:
        """Asks nothing yet. Raises ConfigException of the library for a kubeconfig that makes no sense."""
        client = config.new_client_from_config_dict(dict(kubeconfig), context=context or None)
        client.configuration.retries = False
        self._client = DynamicClient(client, discoverer=_Discovery)
        self._kinds = cast(_Discovery, self._client.resources)

    def version(self) -> str:
        return self._asked("get", "/version")["gitVersion"]

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        return bool(self._resource(api_version, kind).namespaced)

    def find(self, reference: Reference) -> Manifest | None:
        try:
            return self._asked("get", self._path(reference))
        except ApiRefusedError as refused:
            if refused.code == "NotFound":
                return None
            raise

    def all(self, api_version: str, kind: str, *, namespace: str = "", labels: str = "") -> list[Manifest]:
        """labels: a selector."""
        resource = self._resource(api_version, kind)
        found = self._asked("get", resource.path(namespace=namespace or None), label_selector=labels or None)
        return [{"apiVersion": api_version, "kind": kind, **each} for each in found["items"]]

    def apply(self, manifest: Manifest, *, manager: str, force: bool = False, dry_run: bool = False) -> Manifest:
        """Server-side apply: the object as it is then, or would be."""
        return self._asked(
            "patch",
            self._path(Reference.of(manifest)),
            body=manifest,
            content_type=_APPLY,
            field_manager=manager,
            force_conflicts="true" if force else "false",
            dry_run="All" if dry_run else None,
            query_params=[("fieldValidation", "Strict")],
        )

    def create(self, manifest: Manifest) -> Manifest:
        return self._asked("post", self._path(Reference.of(manifest), named=False), body=manifest)

    def change(self, reference: Reference, patch: Manifest, *, part: str = "") -> Manifest:
        """As a person does by hand: what `patch` says over what is there. part: a subresource, as status."""
        path = f"{self._path(reference)}/{part}" if part else self._path(reference)
        return self._asked("patch", path, body=patch, content_type=_MERGE, field_manager="by-hand")

    def delete(self, reference: Reference, *, propagation: str = "Foreground", grace_s: int | None = None) -> None:
        """What is gone already is no error. grace_s: for a pod to end, its own where None."""
        body: Manifest = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if grace_s is not None:
            body["gracePeriodSeconds"] = grace_s
        try:
            self._asked("delete", self._path(reference), body=body)
        except ApiRefusedError as refused:
            if refused.code != "NotFound":
                raise

    def evict(self, pod: Manifest) -> None:
        """Through the API that heeds disruption budgets. Raises ApiRefusedError, TooManyRequests, when one holds it."""
        reference = Reference.of(pod)
        metadata = {"name": reference.name, "namespace": reference.namespace}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        self._asked("post", f"{self._path(reference)}/eviction", body=body)

    def _path(self, reference: Reference, *, named: bool = True) -> str:
        resource = self._resource(reference.api_version, reference.kind)
        return resource.path(name=reference.name if named else None, namespace=reference.namespace or None)

    def _resource(self, api_version: str, kind: str) -> Resource:
        return self._told(lambda: self._kinds.get(api_version, kind))

    def _asked(self, method: str, path: str, **arguments: Any) -> Any:
        def ask() -> Any:
            answer = self._client.request(method, path, serialize=False, _request_timeout=_ASK_S, **arguments)
            return json.loads(answer.data)

        return self._told(ask)

    @staticmethod
    def _told(ask: Any) -> Any:
        try:
            return ask()
        except DynamicApiError as error:
            raise _refused(error) from None
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"configured Kubernetes cluster is unreachable: {error}") from None


class _Discovery:
    """Which kinds there are, asked for one group and version at a time and kept once found.

    In place of the library's own, which keeps a file in the folder of temporary files and is not made for threads.
    """

    def __init__(self, client: DynamicClient, _: str | None) -> None:
        self._client = client
        self._known: dict[tuple[str, str], Resource] = {}
        self._lock = threading.Lock()

    def get(self, api_version: str, kind: str) -> Resource:
        with self._lock:
            if (api_version, kind) not in self._known:
                self._learn(api_version)
            try:
                return self._known[api_version, kind]
            except KeyError:
                raise UnknownKindError(api_version, kind) from None

    def _learn(self, api_version: str) -> None:
        group, _, version = api_version.rpartition("/")
        prefix = "apis" if group else "api"
        try:
            answer = self._client.request("get", f"/{prefix}/{api_version}", serialize=False, _request_timeout=_ASK_S)
        except DynamicApiError as error:
            if error.status == 404:
                return
            raise
        for each in json.loads(answer.data)["resources"]:
            if "/" not in each["name"]:  # a subresource
                self._known[api_version, each["kind"]] = Resource(
                    prefix=prefix,
                    group=group,
                    api_version=version,
                    kind=each["kind"],
                    namespaced=each["namespaced"],
                    name=each["name"],
                    client=self._client,
                )


def _refused(error: DynamicApiError) -> ApiRefusedError:
    """From the Status that the API server sends with a refusal."""
    try:
        said = json.loads(error.body or "")
    except ValueError:
        return ApiRefusedError(str(error.reason), str(error.body))
    causes = tuple(
        Cause(path=each.get("field", ""), reason=each.get("reason", ""), message=each.get("message", ""))
        for each in (said.get("details") or {}).get("causes", ())
    )
    return ApiRefusedError(said.get("reason") or str(error.reason), said.get("message", ""), causes)
