"""Renewing the catalog from what the clouds say today, as a difference that a person reviews and commits.

aws.py and gcp.py ask (clients are handed in) and answer with `Sighting`s; difference.py compares them with the rows
that stand; apply.py refuses what breaks an invariant and writes the file; clients.py is the only place that makes a
client. Renewed are the rows of offers.csv: a new machine or region is first a row with an empty price. Never part of a
preview: nothing outside `slipway prices refresh` imports this package.
"""
