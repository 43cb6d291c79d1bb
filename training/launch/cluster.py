"""The few calls to a Kubernetes cluster that a training job needs, as plain manifests in one namespace.

Each blocks, at most for half a minute, and raises TrainingError with why it failed.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from slipway.errors import TrainingError

Manifest = dict[str, Any]

_TIMEOUT_S = (3.0, 30.0)
_NOT_FOUND, _TOO_MANY, _SERVER_ERRORS = 404, 429, 500

_T = TypeVar("_T")


class ClusterAwayError(TrainingError):
    """The cluster does not answer now, or not yet as it will; what runs there may go on."""


class Cluster:
    """Reads the kubeconfig and asks nothing yet. Raises TrainingError for one that cannot be used."""

    def __init__(self, kubeconfig: Path, context: str, namespace: str) -> None:
        from kubernetes import client, config  # half a second to import, and only a training on a cluster needs it
        from kubernetes.config.config_exception import ConfigException

        self.namespace = namespace
        configuration = client.Configuration()
        try:
            cast(Any, config).load_kube_config(
                str(kubeconfig.expanduser()), context or None, configuration, persist_config=False
            )
        except (ConfigException, OSError) as error:
            raise TrainingError(f"{kubeconfig} cannot be used: {error}", hint="name a context that is in it") from None
        configuration.retries = False
        api = client.ApiClient(configuration)
        self._core, self._batch = cast(Any, client.CoreV1Api(api)), cast(Any, client.BatchV1Api(api))

    def config_map(self, name: str) -> Manifest | None:
        return self._find(self._core.read_namespaced_config_map, name)

    def job(self, name: str) -> Manifest | None:
        return self._find(self._batch.read_namespaced_job, name)

    def pods(self, job: str) -> list[Manifest]:
        labels = f"batch.kubernetes.io/job-name={job}"
        return self._asked(self._core.list_namespaced_pod, label_selector=labels)["items"]

    def log(self, pod: str, *, lines: int) -> str:
        """The end of what a pod said; empty while nobody can say, as before its container runs or when its node is
        gone, which the cluster tells as an error of its own."""
        from kubernetes.client.exceptions import ApiException

        arguments = {"name": pod, "namespace": self.namespace, "tail_lines": lines}
        call = partial(self._core.read_namespaced_pod_log, **arguments, _preload_content=False)

        def read() -> str:
            try:
                return call(_request_timeout=_TIMEOUT_S).data.decode(errors="replace")
            except ApiException:
                return ""

        return _told(read)

    def create_job(self, manifest: Manifest) -> Manifest:
        return self._asked(self._batch.create_namespaced_job, body=manifest)

    def create_secret(self, manifest: Manifest) -> None:
        self._asked(self._core.create_namespaced_secret, body=manifest)

    def hand_secret_to(self, job: Manifest) -> None:
        """The secret of the job's name goes when the job goes."""
        said = job["metadata"]
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": said["name"], "uid": said["uid"]}
        body = {"metadata": {"ownerReferences": [owner]}}
        self._asked(self._core.patch_namespaced_secret, name=said["name"], body=body)

    def delete_secret(self, name: str) -> None:
        self._find(self._core.delete_namespaced_secret, name)

    def delete_job(self, name: str) -> None:
        """Its pods go first and have their time. What is gone already is no error."""
        self._find(self._batch.delete_namespaced_job, name, propagation_policy="Foreground")

    def _find(self, call: Callable[..., Any], name: str, **arguments: Any) -> Manifest | None:
        from kubernetes.client.exceptions import ApiException

        def ask() -> Manifest | None:
            try:
                return self._ask(call, name=name, **arguments)
            except ApiException as error:
                if cast(Any, error).status == _NOT_FOUND:
                    return None
                raise

        return _told(ask)

    def _asked(self, call: Callable[..., Any], **arguments: Any) -> Any:
        return _told(lambda: self._ask(call, **arguments))

    def _ask(self, call: Callable[..., Any], **arguments: Any) -> Any:
        """As JSON: the library's own classes would lose what this version of them does not know."""
        answer = call(namespace=self.namespace, _preload_content=False, _request_timeout=_TIMEOUT_S, **arguments)
        return json.loads(answer.data)


def _told(ask: Callable[[], _T]) -> _T:
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        return ask()
    except ApiException as error:
        answer = cast(Any, error)
        if answer.status == _TOO_MANY or answer.status >= _SERVER_ERRORS:  # it is busy, or starts again
            raise ClusterAwayError(f"the cluster does not answer ({answer.status} {answer.reason})") from None
        raise TrainingError(f"the cluster refuses: {answer.status} {answer.reason}", hint=_reason(answer)) from None
    except HTTPError as error:
        raise ClusterAwayError(f"the cluster does not answer ({type(error).__name__})") from None


def _reason(answer: Any) -> str:
    """The API server's own words."""
    try:
        return json.loads(answer.body)["message"]
    except (TypeError, ValueError, KeyError):
        return ""
