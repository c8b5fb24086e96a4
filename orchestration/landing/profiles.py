"""Export profiles: what is known of each vendor's files, as data.

One YAML file per vendor, shipped in profiles/ or a company's own in seeds/export_profiles/ (which win).
Reading a file with a profile is `load.py`'s business.
"""

import hashlib
import json
import re
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestration.landing.canonical import Canonical, StageMeaning
from orchestration.landing.dialect import Dialect

SHIPPED_PROFILES = Path(__file__).parent / "profiles"
ANY_LANGUAGE = "any"


class ProfileError(Exception):
    """A profile file is not usable; the message names file, place and remedy."""


def normalise_header(text: str) -> str:
    """Fold what vendors vary between releases: case, accents' composition, spaces, typographic apostrophes."""
    folded = unicodedata.normalize("NFC", text).replace("’", "'").replace("\u00a0", " ")
    return re.sub(r"\s+", " ", folded).strip().casefold()


class Column(BaseModel):
    """One contracted column: its header in each language and how its text is to be read."""

    model_config = ConfigDict(extra="forbid")

    header: dict[str, list[str]] = Field(description="Language → its header; several where the vendor's releases differ.")
    type: Literal["text", "integer", "decimal", "date", "timestamp", "boolean"] = "text"
    required: bool = True
    timezone: str | None = Field(None, description="Zone of naive times in this column; default the profile's.")
    currency: str | None = Field(None, description="Declared currency of the amounts; symbols that differ are reported.")
    currency_reason: str | None = None
    divide_by: int | None = Field(None, gt=1, description="For amounts in a smaller unit: 1000000 for micros, 100 for cents.")

    @model_validator(mode="before")
    @classmethod
    def _accept_short_forms(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {"header": value}
        if isinstance(value, dict) and isinstance(value.get("header"), str | list):
            value = {**value, "header": {ANY_LANGUAGE: value["header"]}}
        if isinstance(value, dict) and isinstance(value.get("header"), dict):
            headers = {key: [text] if isinstance(text, str) else text for key, text in value["header"].items()}
            value = {**value, "header": headers}
        return value

    def headers_in(self, language: str) -> list[str]:
        """The header's texts in a language of the vendor's user interface."""
        return self.header.get(language) or self.header.get(ANY_LANGUAGE) or []

    def header_in(self, language: str) -> str | None:
        """The header's usual text in a language of the vendor's user interface."""
        return next(iter(self.headers_in(language)), None)


class Locale(BaseModel):
    """How one language of a vendor's user interface writes numbers and dates."""

    model_config = ConfigDict(extra="forbid")

    decimal: Literal[".", ","] = "."
    date_formats: list[str] = ["%Y-%m-%d"]
    timestamp_formats: list[str] = [
        "%Y-%m-%d %H:%M:%S.%f UTC", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S",
    ]  # fmt: skip


class ExtractTime(BaseModel):
    """Where a file's extract day comes from when its name has no date."""

    model_config = ConfigDict(extra="forbid")

    latest_of: list[str] = []
    declared: str | None = None


class DialectSpec(BaseModel):
    """How a feed's text files are separated and quoted, where it is not the plain way."""

    model_config = ConfigDict(extra="forbid")

    delimiter: str = Field(",", min_length=1, max_length=2)
    quote: str = Field('"', max_length=1)
    escape: str = Field('"', max_length=1)
    newline: Literal["\n", "\r\n", "\r"] = "\n"
    preamble_lines: int = Field(0, ge=0)
    header_lines: int = Field(1, ge=0)
    footnote_lines: int = Field(0, ge=0)

    def as_dialect(self) -> Dialect:
        """The same for the reader."""
        return Dialect(**self.model_dump())


class Feed(BaseModel):
    """One kind of file: one row per `key`, full or delta."""

    model_config = ConfigDict(extra="forbid")

    description: str
    delivery: Literal["full", "delta"]
    key: list[str] = Field(description="Canonical columns; empty when the vendor gives none: then the row's position.")
    files: list[str] = Field([], description="File name patterns: evidence of the feed, never proof.")
    columns: dict[str, Column]
    extract_time: ExtractTime = ExtractTime()
    null_values: list[str] = []
    skip_rows_matching: str | None = Field(None, description="Regex on the first cell of total and footer rows.")
    never_with: list[str] = Field(
        [], description="Headers that make rows finer than one per key, such as a device: a file with one is another report."
    )
    dialect: DialectSpec | None = Field(None, description="Only where the reader would not find it by itself.")
    canonical: Canonical | None = Field(None, description="What this feed is to the marts, where no model of its own reads it.")
    max_days_late: int = Field(2, description="Days without a new extract after which the feed is called late.")
    max_volume_drop: float = Field(
        0.5, ge=0, le=1, description="Share of rows that a full export may lose before it is reported."
    )

    vendor: str = ""
    entity: str = ""

    @property
    def name(self) -> str:
        """`vendor/entity`, as in the asset key raw/<vendor>/<entity>."""
        return f"{self.vendor}/{self.entity}"

    @property
    def relation(self) -> str:
        """The feed's name in the raw schema of the warehouse."""
        return f"{self.vendor}__{self.entity}"

    @cached_property
    def languages(self) -> list[str]:
        """The languages in which this feed's headers are known."""
        found = {language for column in self.columns.values() for language in column.header}
        return sorted(found - {ANY_LANGUAGE}) or [ANY_LANGUAGE]

    def headers(self, language: str) -> dict[str, str]:
        """Normalised header → canonical column, for one language."""
        return {
            normalise_header(header): name for name, column in self.columns.items() for header in column.headers_in(language)
        }

    def required_headers(self, language: str) -> list[list[str]]:
        """Per required column its normalised headers, any of which will do."""
        return [
            [normalise_header(header) for header in headers]
            for column in self.columns.values()
            if column.required and (headers := column.headers_in(language))
        ]


class Profile(BaseModel):
    """All the feeds of one vendor."""

    model_config = ConfigDict(extra="forbid")

    vendor: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    source_note: str = Field(description="Where the header names come from.")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$")
    timezone: str = "UTC"
    locales: dict[str, Locale] = {ANY_LANGUAGE: Locale()}
    stages: dict[Literal["lead", "opportunity"], dict[str, StageMeaning]] = Field(
        {}, description="What the vendor's status and stage names mean; seeds/stage_map.csv wins."
    )
    feeds: dict[str, Feed]

    @model_validator(mode="after")
    def _name_feeds_and_check_references(self) -> "Profile":
        for entity, feed in self.feeds.items():
            feed.vendor, feed.entity = self.vendor, entity
            mapped = feed.canonical.columns.values() if feed.canonical else []
            unknown = [name for name in [*feed.key, *feed.extract_time.latest_of, *mapped] if name not in feed.columns]
            if unknown:
                raise ValueError(f"feed {feed.name}: {', '.join(unknown)} is not among its columns")
        return self

    def locale(self, language: str) -> Locale:
        """How this language writes values; the vendor's common way when it has no way of its own."""
        return self.locales.get(language) or self.locales.get(ANY_LANGUAGE) or Locale()

    def fingerprint(self, entity: str) -> str:
        """Changes when anything changes that could make other rows or cells of a file of this feed.

        How numbers and times are written is not part of it: raw keeps them as they were delivered.
        """
        feed = self.feeds[entity]
        content = {
            "columns": {name: column.header for name, column in feed.columns.items()},
            "key": feed.key,
            **feed.model_dump(include={"delivery", "dialect", "skip_rows_matching", "extract_time"}),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def load_profile(path: Path) -> Profile:
    """Read one profile file.

    Raises:
        ProfileError: not YAML, or not a profile; names the file and the first wrong place.

    """
    try:
        return Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ProfileError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ProfileError(f"{path}: {place}: {first['msg']}") from error


def load_profiles(*folders: Path) -> dict[str, Profile]:
    """All profiles by vendor; a later folder's vendor wins over an earlier one's."""
    paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.yaml"))]
    return {profile.vendor: profile for profile in map(load_profile, paths)}
