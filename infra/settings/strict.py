"""The base of every settings section: an unknown key is refused, and nothing changes after it was read."""

from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

Port = Annotated[int, Field(ge=1024, le=65535)]
Region = Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+-?\d+$", examples=["us-east-1", "asia-south1"])]

Machine = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9.-]+$", examples=["g6.xlarge", "p5.48xlarge", "g2-standard-8"])
]


def _unsealed(value: Any) -> Any:
    """A stack file holds a secret as `secure: <ciphertext>`; the engine hands its plain text to the program."""
    return value["secure"] if _is_sealed(value) else value


def _is_sealed(value: object) -> bool:
    return isinstance(value, dict) and list(cast(dict[str, Any], value)) == ["secure"]


Secret = Annotated[SecretStr, BeforeValidator(_unsealed), Field(min_length=32, max_length=4096)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
