"""The `multi` target: AWS and Google behind one name, each a whole platform of its own.

`target.build` builds both and `names.py` points the name at them. Neither cloud knows of the other: what is lost with
one is its share of the requests for as long as a health check needs to see it.
"""
