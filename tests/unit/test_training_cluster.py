"""What a launcher reads of a pod's log, from a server that answers as Kubernetes' does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from training.launch.cluster import Cluster, ClusterAwayError

LOG = "epoch 3/10 · loss 0.5\n"


class Api(BaseHTTPRequestHandler):
    """One pod has a log, of the others the container has not begun."""

    def do_GET(self) -> None:
        begun = self.path == "/api/v1/namespaces/slipway/pods/worker-0/log?tailLines=50"
        refusal = {"kind": "Status", "message": 'container "trainer" is waiting to start', "code": 400}
        body = (LOG if begun else json.dumps(refusal)).encode()
        self.send_response(200 if begun else 400)
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


def test_a_cluster_that_is_away_is_no_silent_pod(tmp_path: Path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as gone:
        port = gone.server_port
    with pytest.raises(ClusterAwayError):
        cluster_at(port, tmp_path).log("worker-0", lines=50)
