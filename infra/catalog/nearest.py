"""Answers to a question that the catalog cannot answer: what is missing, and the nearest that exists."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from math import asin, cos, radians, sin, sqrt

from infra.catalog.errors import CatalogError
from infra.catalog.rows import Offer, Place, Region

_EARTH_RADIUS_KM = 6371.0
_SHOWN = 4


def distance_km(one: Region | Place, other: Region | Place) -> float:
    """Along the great circle (haversine)."""
    south, north = radians(one.latitude), radians(other.latitude)
    east = radians(other.longitude - one.longitude)
    chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(east / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * asin(sqrt(chord))


def few(names: Iterable[str]) -> str:
    """The first few of many, for a hint."""
    names = list(dict.fromkeys(names))
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def alike(name: str, known: Iterable[str]) -> str:
    """A hint with the known names that are spelled most like this one, or with some where none is."""
    known = list(dict.fromkeys(known))
    names = get_close_matches(name, known, n=_SHOWN, cutoff=0.6)
    return f"names like it are {few(names)}" if names else f"there are {few(sorted(known))}"


def no_region(provider: str, region: str, known: Sequence[Region]) -> CatalogError:
    mine = [row.region for row in known if row.provider == provider]
    if not mine:
        providers = few(sorted({row.provider for row in known}))
        return CatalogError(f"the catalog knows no provider {provider!r}", hint=f"there is {providers}")
    return CatalogError(f"the catalog knows no region {provider}/{region}", hint=alike(region, mine))


def no_offer(
    region: Region, machine: str, capacity: str, offers: Sequence[Offer], regions: Mapping[str, Region]
) -> CatalogError:
    """Which of machine, mode of capacity and region does not exist, and what does."""
    provider = region.provider
    same = [offer for offer in offers if offer.provider == provider and offer.machine == machine]
    if not same:
        here = [offer.machine for offer in offers if (offer.provider, offer.region) == (provider, region.region)]
        machines = here or [offer.machine for offer in offers if offer.provider == provider]
        return CatalogError(f"the catalog knows no machine {machine} at {provider}", hint=alike(machine, machines))
    here = [offer for offer in same if offer.region == region.region]
    if here:
        return CatalogError(
            f"{provider}/{region.region} does not offer {machine} as {capacity}",
            hint=f"it does as {few(offer.capacity for offer in here)}",
        )
    elsewhere = sorted(same, key=lambda offer: distance_km(region, regions[f"{provider}/{offer.region}"]))
    return CatalogError(
        f"{machine} is not offered in {provider}/{region.region}",
        hint=f"the nearest regions with it are {few(offer.region for offer in elsewhere)}",
    )


def no_price(offer: Offer, offers: Sequence[Offer]) -> CatalogError:
    """An offer whose price the sources do not say."""
    priced = [
        f"{other.region} ({other.usd_per_hour:g} USD/h)"
        for other in offers
        if (other.provider, other.machine, other.capacity) == (offer.provider, offer.machine, offer.capacity)
        and other.usd_per_hour is not None
    ]
    where = f"the catalog has one for {few(priced)}" if priced else "the catalog has none for any region"
    return CatalogError(
        f"{offer.machine} as {offer.capacity} in {offer.provider}/{offer.region} has no known price",
        hint=f"{where}; `slipway prices refresh --provider {offer.provider} --region {offer.region}` asks the provider",
    )


def no_latency(
    origin: Region | Place, target: Region, from_places: Iterable[Place], to_regions: Iterable[Region]
) -> CatalogError:
    """from_places: with a figure for this region. to_regions: for which this origin has a figure."""
    name = origin.name if isinstance(origin, Place) else origin.key
    places = few(place.name for place in sorted(from_places, key=lambda place: distance_km(origin, place)))
    regions = few(region.key for region in sorted(to_regions, key=lambda region: distance_km(target, region)))
    known = [f"the nearest places with one are {places}"] if places else []
    known += [f"{name} has one to {regions}"] if regions else []
    return CatalogError(
        f"there is no latency figure between {name} and {target.key}", hint="; ".join(known) or "nothing is near"
    )


def no_place(name: str, known: Iterable[Place], regions: Iterable[Region]) -> CatalogError:
    """A place, or a country, without latency figures: the nearest with some, where it is known to lie."""
    places = list(known)
    country = name.removeprefix("country:")
    if country == name:
        return CatalogError(f"there are no latency figures for {name}", hint=_other_places(name, places))
    same = [place.name for place in places if place.country == country]
    if same:
        return CatalogError(
            f"there are no latency figures for {name} as a whole", hint=f"split its users over {few(same)}"
        )
    there = next((region for region in regions if region.country == country), None)
    if there is None:
        return CatalogError(f"there are no latency figures for {name}", hint=_other_places(name, places))
    near = ", ".join(place.name for place in sorted(places, key=lambda place: distance_km(there, place))[:_SHOWN])
    return CatalogError(
        f"there are no latency figures for {name}",
        hint=f"the places with some that are nearest to {there.city} are {near}",
    )


def _other_places(name: str, places: Sequence[Place]) -> str:
    """Nothing says where it lies, so its spelling is all there is to go by; a country's two letters are too few."""
    kind, _, plain = name.rpartition(":")
    spelled = {place.name.partition(":")[2].casefold(): place.name for place in places}
    names = get_close_matches(plain.casefold(), spelled, n=_SHOWN, cutoff=0.6) if kind != "country" else []
    if names:
        return f"names like it are {few(spelled[found] for found in names)}"
    same_kind = sorted(place.name for place in places if place.name.startswith(f"{kind}:"))
    if same_kind:
        return f"take the one that is nearest to its users: {', '.join(same_kind)}"
    return alike(name, spelled.values())
