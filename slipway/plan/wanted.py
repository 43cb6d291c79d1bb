"""What is asked of a plan: the sections of a stack, or of a file that holds nothing else, to try a goal first.

A goal's file has the keys of a stack's `config:`, so what was found good is pasted there as it is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import yaml
from pydantic import ValidationError

from infra.placement.placement import CLOUDS
from infra.settings import NAMESPACE, PriceSettings, ServingGoal, Settings, TrainingWork
from infra.settings.explain import EVERY_KEY, explain
from infra.settings.placement import Provider
from infra.settings.strict import Strict
from slipway.errors import SettingsError

_EXAMPLE = (
    "slipway:serving: {users: [{place: 'city:Mumbai', share: 1}], requests_per_s: 50, p95_ms: 200, "
    "model: {service_ms: {cpu: 20}}}"
)


class _Goal(Strict):
    """The sections of settings that a goal's file may have."""

    serving: ServingGoal | None = None
    work: TrainingWork | None = None
    prices: PriceSettings = PriceSettings()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """serving and work: at least one is there. provider: the only one that the stack's target builds on; None for any.

    regions: that the stack names itself, for its work. has_pools: it names pools of nodes too, so none is made for it.
    """

    serving: ServingGoal | None
    work: TrainingWork | None
    max_age_days: int
    provider: Provider | None = None
    regions: tuple[str, ...] = ()
    has_pools: bool = False

    @classmethod
    def of_stack(cls, file: Path) -> Self:
        """Raises SettingsError for a file that is wrong, or that asks for no placement."""
        settings = Settings.read(file)
        _check_asked(str(file), settings)
        return cls(
            serving=settings.serving,
            work=settings.work,
            max_age_days=settings.prices.max_age_days,
            provider=CLOUDS.get(settings.target),
            regions=settings.regions,
            has_pools=bool(settings.gpu_pools),
        )

    @classmethod
    def of_goal(cls, file: Path) -> Self:
        """Raises SettingsError that names every wrong key by its path."""
        sections = _sections(file)
        try:
            goal = _Goal.model_validate(sections)
        except ValidationError as error:
            raise SettingsError(f"{file}:\n{explain(error)}", hint=EVERY_KEY) from None
        _check_asked(str(file), goal)
        return cls(serving=goal.serving, work=goal.work, max_age_days=goal.prices.max_age_days)


def _check_asked(source: str, settings: Settings | _Goal) -> None:
    if settings.serving is None and settings.work is None:
        raise SettingsError(
            f"{source} sets neither slipway:serving nor slipway:work, so there is nothing to place", hint=_EXAMPLE
        )


def _sections(file: Path) -> dict[str, Any]:
    """By name, without the namespace."""
    try:
        document: object = yaml.safe_load(file.read_text())
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}", hint="see docs/examples") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise SettingsError(f"{file} holds no keys", hint=_EXAMPLE)
    keys = cast(dict[object, Any], document)
    foreign = [str(key) for key in keys if not str(key).startswith(f"{NAMESPACE}:")]
    if foreign:
        raise SettingsError(
            f"{file}: {foreign[0]}: unknown key; a goal has slipway:serving, slipway:work and slipway:prices",
            hint=_EXAMPLE,
        )
    return {str(key).removeprefix(f"{NAMESPACE}:"): value for key, value in keys.items()}
