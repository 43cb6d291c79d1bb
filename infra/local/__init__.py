"""The `local` target: real processes on loopback in the place of a cloud, the same file names as every target.

`target.build` puts them together. What a file holds here is what its twin holds elsewhere: storage is a folder,
cluster is supervisord, edge is Envoy, queue is Valkey. Two resource types of our own (`provider/`) carry all of it.
Nothing is imported here: the provider's executable lies below and must start without the rest.
"""
