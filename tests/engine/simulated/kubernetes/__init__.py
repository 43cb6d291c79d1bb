"""A cluster as far as a preview needs one: every object is answered as it was asked for, and none is made.

What an API server accepts is not told here but by the real one, under tests/cluster.
"""
