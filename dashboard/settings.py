"""Settings of the web server, read from the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from compute.settings import data_directory, local_directory

ASSETS = Path(__file__).resolve().parent / "assets"
"""A link to `assets` of the checkout, so that a wheel holds the files too."""


DOCUMENTATION = Path(__file__).resolve().parent.parent / "build" / "docs"
"""Where `make docs` puts the documentation of a checkout."""


class Settings(BaseSettings):
    """Environment variables have the prefix `SOFTMODE_`, such as `SOFTMODE_DATA`."""

    model_config = SettingsConfigDict(env_prefix="SOFTMODE_", frozen=True, extra="ignore")

    data: Path = Field(default_factory=data_directory, description="directory of the published tables")
    local: Path = Field(
        default_factory=local_directory,
        description="directory of results of this machine, shown beside the published ones; empty or absent: none",
    )
    prefix: str = Field(default="", pattern=r"^(/[\w.~-]+)*$", description="path that the site is below: /softmode")
    source_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="address of the public repository of this code, linked at the foot of every page; none: no link",
    )
    proxies: int = Field(default=0, ge=0, description="proxies in front whose X-Forwarded headers are believed")
    hosts: str = Field(
        default="",
        description="host names that the site answers to, with commas; serve sets those of this machine",
    )
    requests_per_minute: int = Field(default=1200, ge=0, description="computed answers for an address; 0: no limit")
    memory_mb: int = Field(default=512, ge=64, description="megabytes that queries may use at once")
    cache_mb: int = Field(default=8, ge=0, description="megabytes of answers that a worker remembers; 0: none")
