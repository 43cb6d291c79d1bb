"""Workers that come and go while a run goes on: who they are, how they meet, and how what they hold is handed over.

Each is a process by itself, which outlives the others (docs/decisions/0015). In order: `roster` decides who belongs to
the next round, `membership` keeps the roster in a store that all reach, `crew` makes a process group of a round, and
`handover` brings everyone to where the most advanced stands. Only where every process holds the whole model: a model
that is spread over processes cannot go on without one of them, and starts again from its newest checkpoint.
"""
