"""A kubeconfig that leads nowhere, or to where one may not do enough, refused before anything is registered.

What would fail in the middle of an `up` is said at its start, with all that is missing. It is the one question that a
preview asks (decision 0012), and only about a cluster of yours: the judgement is pure, and who asks is handed in.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from infra.kubernetes.objects import Manifest, group_of, plural_of
from infra.settings import KubernetesSettings
from slipway.errors import SettingsError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_VERBS = ("get", "create", "patch", "delete")
"""What applying, previewing and destroying an object takes."""
_TIMEOUT_S = (3.0, 5.0)
"""To connect, and to be answered."""
_NAMED = 5
_KEY = "slipway:kubernetes.kubeconfig"


@dataclass(frozen=True, kw_only=True, order=True)
class Right:
    """resource: with a part of it, as `pods/eviction`. namespace: empty for kinds that are in none, or for all of them.

    name: of the one object that it is about; empty for any.
    """

    group: str
    resource: str
    namespace: str
    verb: str
    name: str = ""

    def __str__(self) -> str:
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        what += f" {self.name}" if self.name else ""
        return f"{self.verb} {what}" + (f" in {self.namespace}" if self.namespace else "")


_GIVES_ANY = tuple(
    Right(group="rbac.authorization.k8s.io", resource=kind, namespace="", verb=verb)
    for kind in ("clusterroles", "roles")
    for verb in ("escalate", "bind")
)
"""Whoever has these may make roles and bindings of rights that they have not, as an administrator of the cluster."""


class NoAnswerError(Exception):
    """The cluster could not be asked. Its text says why, in one line and with no credentials in it."""


Ask = Callable[[KubernetesSettings, Sequence[Right]], Sequence[bool]]
"""Says of each right whether whoever runs this has it. Raises NoAnswerError."""


def needed(manifests: Iterable[Manifest]) -> list[Right]:
    """What applying these takes, each once."""
    kinds = {(group_of(each), plural_of(each), each["metadata"].get("namespace", "")) for each in manifests}
    return [
        Right(group=group, resource=resource, namespace=namespace, verb=verb)
        for group, resource, namespace in sorted(kinds)
        for verb in _VERBS
    ]


def handed_on(manifests: Iterable[Manifest]) -> list[Right]:
    """What roles among these give, each once: the API server lets nobody give what they may not do themselves."""
    given = {
        Right(group=group, resource=resource, namespace=each["metadata"].get("namespace", ""), verb=verb, name=name)
        for each in manifests
        if each["kind"] in ("Role", "ClusterRole")
        for rule in each["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    }
    return sorted(given)


def check(settings: KubernetesSettings, manifests: Iterable[Manifest], ask: Ask) -> None:
    """Raises SettingsError when the kubeconfig's cluster cannot be asked, or its user may not apply all of this."""
    every = list(manifests)
    try:
        missing = _missing(settings, [*needed(every), *_GIVES_ANY], ask)
        if cannot_give_any := [right for right in missing if right in _GIVES_ANY]:
            own = [right for right in missing if right not in cannot_give_any]
            missing = own + _missing(settings, handed_on(every), ask)
    except NoAnswerError as error:
        raise SettingsError(
            f"{_KEY}: {_told(settings)} cannot be used: {error}",
            hint="`kubectl --kubeconfig FILE --context NAME get namespaces` must answer here; "
            "a private API server is reached only from its network",
        ) from None
    if missing:
        raise SettingsError(
            f"{_KEY}: {_told(settings)} lacks rights: {_listed(missing)}",
            hint="take a context whose user may do this, or have the ClusterRole `cluster-admin` bound to it",
        )


def _missing(settings: KubernetesSettings, rights: Sequence[Right], ask: Ask) -> list[Right]:
    return [right for right, has in zip(rights, ask(settings, rights), strict=True) if not has]


def ask_cluster(settings: KubernetesSettings, rights: Sequence[Right]) -> Sequence[bool]:
    """Asks the API server itself, by a SelfSubjectAccessReview for each right; nothing is changed there."""
    from kubernetes.client import AuthorizationV1Api  # takes half a second to import, and only this needs it
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    with _client(settings) as client:
        api = cast(Any, AuthorizationV1Api(client))  # its types are guessed by its generator
        try:
            reviews = [
                api.create_self_subject_access_review(_review(right), _request_timeout=_TIMEOUT_S) for right in rights
            ]
        except ApiException as error:
            answer = cast(Any, error)
            raise NoAnswerError(f"the API server answers {answer.status} {answer.reason}") from None
        except HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise NoAnswerError(f"the API server does not answer ({type(reason).__name__})") from None
    return [bool(review.status.allowed) for review in reviews]


def _client(settings: KubernetesSettings) -> "ApiClient":
    from kubernetes import config
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config.config_exception import ConfigException

    file = Path(settings.kubeconfig).expanduser()
    if not file.is_file():
        raise NoAnswerError("there is no such file")
    configuration = Configuration()
    try:
        cast(Any, config).load_kube_config(str(file), settings.context or None, configuration, persist_config=False)
    except ConfigException as error:
        raise NoAnswerError(str(error).splitlines()[0]) from None
    except Exception as error:  # it checks little, and breaks in many ways on what is no kubeconfig
        raise NoAnswerError(f"it is no kubeconfig ({type(error).__name__})") from None
    configuration.retries = False  # else a server that is away is waited for four times
    return ApiClient(configuration)


def _review(right: Right) -> dict[str, Any]:
    resource, _, part = right.resource.partition("/")
    asked = {"group": right.group, "resource": resource, "subresource": part, "verb": right.verb}
    asked |= {"namespace": right.namespace, "name": right.name}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked},
    }


def _told(settings: KubernetesSettings) -> str:
    return f"{settings.kubeconfig} (context {settings.context})" if settings.context else settings.kubeconfig


def _listed(missing: Sequence[Right]) -> str:
    named = ", ".join(map(str, missing[:_NAMED]))
    return named if len(missing) <= _NAMED else f"{named} and {len(missing) - _NAMED} more"
