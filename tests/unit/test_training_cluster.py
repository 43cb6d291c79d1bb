"""What a launcher reads of a pod's log, from a server that answers as Kubernetes' does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from slipway.errors import TrainingError
from training.launch.cluster import Cluster, ClusterAwayError

LOG = "epoch 3/10 · loss 0.5\n"


class Api(BaseHTTPRequestHandler):
    """One pod has a log, of one the node is gone, of the others the container has not begun. A job's name is the status
    that is answered."""

    def do_GET(self) -> None:
        place, name = self.path.partition("?")[0].removesuffix("/log").rsplit("/", 1)
        begun = self.path == "/api/v1/namespaces/slipway/pods/worker-0/log?tailLines=50"
        status = int(name) if place.endswith("/jobs") else 200 if begun else 500 if name == "worker-2" else 400
        refusal = {"kind": "Status", "message": 'container "trainer" is waiting to start', "code": status}
        body = (LOG if begun else json.dumps(refusal)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


def cluster_at(port: int, folder: Path) -> Cluster:
    file = folder / "kubeconfig"
    document = {
        "clusters": [{"name": "a", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "current-context": "a",
    }
    file.write_text(json.dumps(document))
    return Cluster(file, "", "slipway")


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_the_end_of_a_pods_log_is_read_as_it_stands(server: ThreadingHTTPServer, tmp_path: Path):
    assert cluster_at(server.server_port, tmp_path).log("worker-0", lines=50) == LOG


def test_a_pod_that_has_not_begun_has_said_nothing(server: ThreadingHTTPServer, tmp_path: Path):
    assert cluster_at(server.server_port, tmp_path).log("worker-1", lines=50) == ""


def test_a_pod_whose_node_is_gone_says_nothing(server: ThreadingHTTPServer, tmp_path: Path):
    assert cluster_at(server.server_port, tmp_path).log("worker-2", lines=50) == ""


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_cluster_that_is_busy_counts_as_away(server: ThreadingHTTPServer, tmp_path: Path, status: int):
    with pytest.raises(ClusterAwayError, match=str(status)):
        cluster_at(server.server_port, tmp_path).job(str(status))


def test_a_cluster_that_refuses_is_not_away(server: ThreadingHTTPServer, tmp_path: Path):
    with pytest.raises(TrainingError, match="403") as refused:
        cluster_at(server.server_port, tmp_path).job("403")
    assert not isinstance(refused.value, ClusterAwayError)


def test_a_cluster_that_is_away_is_no_silent_pod(tmp_path: Path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as gone:
        port = gone.server_port
    with pytest.raises(ClusterAwayError):
        cluster_at(port, tmp_path).log("worker-0", lines=50)
