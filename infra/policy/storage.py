"""Stores are closed, keep versions, speak TLS only, and what cannot be made again is not deleted by mistake."""

from collections.abc import Iterator

from infra.policy.aws import storage as aws
from infra.policy.gcp import storage as gcp
from infra.policy.ideas import Stateful, Store
from infra.policy.rule import IN_PRODUCTION, OUTSIDE_DEV, Rule, surveyed
from infra.policy.terms import Terms


def plain_store(store: Store, _: Terms) -> Iterator[str]:
    if store.encrypted is False:
        yield f"{store.what} is not encrypted with a key of the stack"


def forgetful(store: Store, _: Terms) -> Iterator[str]:
    if store.versioned is False:
        yield f"{store.what} keeps no versions: what is overwritten is gone"


def public_store(store: Store, _: Terms) -> Iterator[str]:
    if store.closed is False:
        yield f"{store.what} can be made public"


def plain_text(store: Store, _: Terms) -> Iterator[str]:
    if store.tls_only is False:
        yield f"{store.what} also answers without TLS"


def two_ways_in(store: Store, _: Terms) -> Iterator[str]:
    if store.lists:
        yield f"{store.what} also goes by access lists of single objects, which no policy shows"


def gone_for_good(store: Store, terms: Terms) -> Iterator[str]:
    if terms.lasting and store.recalls is False:
        yield f"{store.what} forgets at once what was deleted, with all of its versions"


def unprotected(thing: Stateful, terms: Terms) -> Iterator[str]:
    if terms.lasting and not thing.protected:
        yield f"{thing.what} can be deleted by an update"


def unguarded(thing: Stateful, terms: Terms) -> Iterator[str]:
    if not terms.lasting:
        return
    if thing.guarded is False:
        yield f"{thing.what} can be deleted by whoever may delete at all"
    if thing.emptied:
        yield f"{thing.what} is deleted with what it holds"


RULES = (
    Rule(
        name="stores-are-encrypted",
        concern="storage",
        says="Object stores are encrypted with a key of the stack.",
        mends="add a server-side encryption configuration of the kind aws:kms with the region's key",
        mends_on={"gcp": "set default_kms_key_name to the region's key"},
        survey={"aws": aws.stores, "gcp": surveyed(gcp.stores)},
        judge=plain_store,
    ),
    Rule(
        name="stores-keep-versions",
        concern="storage",
        says="What is overwritten or deleted in a store can be had back for a while.",
        mends="turn versioning on, and let a lifecycle rule end old versions (slipway:storage.noncurrent_days)",
        survey={"aws": aws.stores, "gcp": surveyed(gcp.stores)},
        judge=forgetful,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="no-public-store",
        concern="storage",
        says="Nobody can make a store public.",
        mends="add a public access block with all four switches on",
        mends_on={"gcp": "set public_access_prevention to enforced"},
        survey={"aws": aws.stores, "gcp": surveyed(gcp.stores)},
        judge=public_store,
    ),
    Rule(
        name="stores-have-one-way-in",
        concern="storage",
        says="Who may read a store is said in one place.",
        mends="set uniform_bucket_level_access",
        find={"gcp": gcp.stores},
        judge=two_ways_in,
    ),
    Rule(
        name="stores-recall-what-was-deleted",
        concern="storage",
        says="What was deleted from a store, its versions too, can be had back for a week.",
        mends="leave slipway:storage.soft_delete_days at 7 or more",
        find={"gcp": gcp.stores},
        judge=gone_for_good,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="no-public-access-list",
        concern="storage",
        says="No access list opens a store to everybody.",
        mends="take the acl away; the edge gives out what users may have",
        find={"aws": aws.public_lists, "gcp": gcp.public_lists},
        judge=public_store,
    ),
    Rule(
        name="stores-refuse-plain-text",
        concern="storage",
        says="Stores, queues and topics answer over TLS only.",
        mends="deny everybody for whom aws:SecureTransport is false, in its policy",
        survey={"aws": aws.senders},
        judge=plain_text,
    ),
    Rule(
        name="state-is-protected",
        concern="storage",
        says="The engine refuses to delete what holds production's data.",
        mends="leave slipway:deletion_protection on, which sets protect; unprotect by hand what has to go",
        find={"aws": aws.stateful, "gcp": gcp.stateful},
        judge=unprotected,
        lenient=IN_PRODUCTION,
    ),
    Rule(
        name="state-is-guarded",
        concern="storage",
        says="The cloud itself refuses to delete what holds production's data, and deletes nothing that is not empty.",
        mends="turn the cloud's deletion protection on; take force_destroy and force_delete away",
        find={"aws": aws.stateful, "gcp": gcp.stateful},
        judge=unguarded,
        lenient=IN_PRODUCTION,
    ),
)
