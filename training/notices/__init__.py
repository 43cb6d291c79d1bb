"""What a cloud tells a machine before it takes it back, heard by a thread and handed to the one Preemption.

Each cloud is a Source that is asked from within the instance. Signals are heeded elsewhere (training/preempt.py): they
come by themselves, and sooner than any thread. Nothing here ends training: a source that does not answer is named once.
"""

from training.notices.place import chosen
from training.notices.source import NoAnswerError, Source
from training.notices.watcher import watching

__all__ = ["NoAnswerError", "Source", "chosen", "watching"]
