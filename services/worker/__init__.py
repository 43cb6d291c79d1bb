"""Takes tasks off the queue and answers them with the release's model, a batch at a time; runs for any region.

`python -m services.worker` runs it, configured by the environment alone (settings.py). A task's payload is the body of
the predictor's POST /predict and its result is what that would have answered, because the same code does both. A worker
holds no state: what it had in hand when it was killed goes to another one after the queue's `visibility_s`.

Deliberately not here: how tasks are kept, retried and given up (services/tasks), HTTP for callers (services/predictor),
how many workers there are (the autoscaler).
"""
