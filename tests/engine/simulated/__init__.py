"""Simulated clouds under the real engine: providers in Python that judge, keep and answer what a stack registers.

`core` is for every cloud; `aws` supplies its types, API descriptions, outputs and replacements. What a simulation can
say and what it cannot is in docs/simulated.md. Nothing here is ever a cloud's own answer.
"""
