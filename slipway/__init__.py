"""The command line, and the values that all parts exchange: release, pin, store, paths, errors, toolchain.

Services, the trainer and the Pulumi program meet only here. Importing this package imports nothing heavy:
a predictor replica has 0.7 s from its start to its first answer.
"""
