"""How a model is spread over processes: replicas, shards, cut layers, stages, and any of them together.

`plan.py` is what a task may say about its model; `build.py` applies it over a mesh; `whole.py` and `pipeline.py` take a
step with what was built; `outer.py` is for replicas that seldom meet. Everything is torch's own (DDP, FSDP2, DTensor,
torch.distributed.pipelining). Not here: parallel experts and contexts cut over processes.
"""
