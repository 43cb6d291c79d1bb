"""The model server: one process, one release, one inference thread; what an edge puts replicas of.

`python -m services.predictor` runs it, configured by the environment alone (settings.py). A request goes through
app.py (routes), instances.py or tensors.py (check against the release's signature), batcher.py (one batch at a time)
and model.py (ONNX Runtime). It holds no state but the release: kill it and start another.

Deliberately not here: TLS, authentication, rate limits and retries (the edge does those), a second model in the same
process (start another), the binary tensor extension of the Open Inference Protocol (refused with a clear answer), and
the queue behind /tasks (services/tasks).
"""
