"""The status page behind the edge: what runs where, how well, and a form that sends a real prediction.

It only looks: nothing here starts, stops or changes anything. The page itself is public on loopback and empty;
what fills it (`/status.json`) is behind the edge's token.
"""
