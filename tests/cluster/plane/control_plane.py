"""A Kubernetes control plane on this machine: real etcd, API server, controllers and scheduler, on loopback alone.

KWOK plays the nodes' kubelets: a pod that the scheduler binds becomes Running and Ready, and no container starts.
"""

import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from tests.cluster.plane.credentials import ADMIN, Credentials
from tests.cluster.plane.processes import Processes
from tests.valkey import free_port

_STAGES = Path(__file__).with_name("stages.yaml")
_SERVICES = "10.96.0.0/16"
_START_S = 60
_ASK_S = 2


@contextlib.contextmanager
def control_plane(folder: Path, binaries: Path) -> Iterator[Path]:
    """The kubeconfig of its administrator, while it runs. folder: empty, for state, logs and credentials.

    Raises AssertionError with the end of the log of what did not start.
    """
    processes = Processes(folder)
    try:
        yield _start(folder, binaries, processes)
    finally:
        processes.stop()


def _start(folder: Path, binaries: Path, processes: Processes) -> Path:
    credentials = Credentials(folder / "credentials")
    tokens = credentials.draw()
    etcd, api = _start_etcd(folder, binaries, processes), free_port()
    server = f"https://127.0.0.1:{api}"
    processes.start(
        [
            binaries / "kube-apiserver",
            f"--etcd-servers={etcd}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={api}",
            "--endpoint-reconciler-type=none",  # the others take loopback for a mistake
            f"--cert-dir={credentials.folder}",
            f"--service-cluster-ip-range={_SERVICES}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={credentials.account_key}",
            f"--service-account-signing-key-file={credentials.account_key}",
            f"--token-auth-file={credentials.tokens}",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",  # as in the clouds; who may be so is Pod Security's to say
        ]
    )
    processes.wait("kube-apiserver", _says_ok(f"{server}/readyz", tokens[ADMIN]), deadline_s=_START_S)
    configs = {user: credentials.kubeconfig(user, token, server) for user, token in tokens.items()}
    controllers, scheduler, kwok = free_port(), free_port(), free_port()
    alone = ["--bind-address=127.0.0.1", "--leader-elect=false", f"--cert-dir={folder}"]
    processes.start(
        [
            binaries / "kube-controller-manager",
            f"--kubeconfig={configs['system:kube-controller-manager']}",
            f"--secure-port={controllers}",
            f"--service-account-private-key-file={credentials.account_key}",
            f"--root-ca-file={credentials.authority}",
            "--use-service-account-credentials",  # each controller may do what it may in a cloud
            *alone,
        ]
    )
    processes.start(
        [
            binaries / "kube-scheduler",
            f"--kubeconfig={configs['system:kube-scheduler']}",
            f"--secure-port={scheduler}",
            *alone,
        ]
    )
    processes.start(
        [
            binaries / "kwok",
            f"--kubeconfig={configs['kwok']}",
            f"--config={_STAGES}",
            "--manage-all-nodes=true",
            f"--server-address=127.0.0.1:{kwok}",
            "--node-ip=127.0.0.1",
            "--node-lease-duration-seconds=40",
        ]
    )
    processes.wait("kube-controller-manager", _says_ok(f"https://127.0.0.1:{controllers}/healthz"), deadline_s=_START_S)
    processes.wait("kube-scheduler", _says_ok(f"https://127.0.0.1:{scheduler}/healthz"), deadline_s=_START_S)
    processes.wait("kwok", _says_ok(f"http://127.0.0.1:{kwok}/healthz"), deadline_s=_START_S)
    return configs[ADMIN]


def _start_etcd(folder: Path, binaries: Path, processes: Processes) -> str:
    clients, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    processes.start(
        [
            binaries / "etcd",
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",  # nothing outlives the tests
            "--log-level=warn",
        ]
    )
    processes.wait("etcd", _says_ok(f"{clients}/health"), deadline_s=_START_S)
    return clients


def _says_ok(url: str, token: str = "") -> Callable[[], bool]:
    """A question whether a server of ours says that it is well. Its certificate is its own, made as it started."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def asked() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(url, headers=headers, timeout=_ASK_S, verify=trusting).is_success
        return False

    return asked
