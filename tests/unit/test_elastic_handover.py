"""What the furthest of two processes holds reaches the other as it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

HAND_OVER = """
import json, sys
import torch
import torch.distributed as dist
from training.elastic.handover import hand_over
from training.mesh import Mesh

rank, folder = int(sys.argv[1]), sys.argv[2]
dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
mesh = Mesh(rank=rank, size=2, device=torch.device("cpu"))
held = {
    "learner": {"a": torch.arange(6.0).reshape(2, 3).t(), "b": torch.tensor(3), "c": torch.ones(2).bfloat16()},
    "best": {}, "empty": torch.empty(0), "history": [{"loss": 0.5}, {"loss": float("inf")}], "none": None,
}
found = hand_over(mesh, turns=rank, state=lambda: held)
again = hand_over(mesh, turns=7, state=lambda: held)
assert again is None, "all hold the same"
if rank == 0:
    tensors = [*found["learner"].values()]
    alike = [torch.equal(tensor, expected) for tensor, expected in zip(tensors, held["learner"].values())]
    types = [str(tensor.dtype) for tensor in tensors]
    plain = {name: found[name] for name in ("best", "history", "none")}
    print(json.dumps({"alike": alike, "types": types, "empty": len(found["empty"]), **plain}))
dist.destroy_process_group()
"""


def test_tensors_of_any_type_and_plain_values_arrive_as_they_were(tmp_path: Path):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", HAND_OVER, str(rank), str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    said = [worker.communicate(timeout=120)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert json.loads(said[0]) == {
        "alike": [True, True, True],
        "types": ["torch.float32", "torch.int64", "torch.bfloat16"],
        "empty": 0,
        "best": {},
        "history": [{"loss": 0.5}, {"loss": float("inf")}],
        "none": None,
    }
