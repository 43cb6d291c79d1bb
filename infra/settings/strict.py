"""The base of every settings section: an unknown key is refused, and nothing changes after it was read."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Port = Annotated[int, Field(ge=1024, le=65535)]
Region = Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+-?\d+$", examples=["us-east-1", "asia-south1"])]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
