"""The policy pack: what no stack may be, whoever wrote it. `pulumi preview --policy-pack infra/policy` refuses it.

A file per concern holds plain functions that judge ideas (ideas/); aws/, gcp/ and kubernetes/ say where resources hold
them; rules.py lists all. pack.py makes policies of them; only it and wire.py know the SDK. Settings refuse what is
wrong in a stack file before the engine starts; this looks at what a program registers, so it also catches a program
that went around them. It mends nothing by itself, and asks no cloud.
"""
