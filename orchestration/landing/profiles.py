"""Export profiles: what is known of each vendor's files, as data.

One YAML file per vendor, shipped in profiles/ or a company's own in seeds/export_profiles/ (which win).
Kinds of text are checked in `profile_texts.py`; `profile_faults.py` says where a file is wrong.
"""

import hashlib
import json
import re
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from orchestration.landing.canonical import Canonical, StageMeaning
from orchestration.landing.dialect import Dialect
from orchestration.landing.profile_faults import Fault, Misfit, MisfitsError, explain, read_yaml
from orchestration.landing.profile_folders import SHIPPED_PROFILES
from orchestration.landing.profile_texts import Currency, Header, IsoDay, Name, SqlPattern, TimeFormat, Timezone
from orchestration.settings import Settings

ANY_LANGUAGE = "any"


class ProfileError(Exception):
    """Profile files are not usable; the message has one line per fault: file, line, place, what is wrong, remedy."""

    def __init__(self, faults: list[Fault]):
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def normalise_header(text: str) -> str:
    """Fold what vendors vary between releases: case, accents' composition, spaces, typographic apostrophes."""
    folded = unicodedata.normalize("NFC", text).replace("’", "'").replace("\u00a0", " ")
    return re.sub(r"\s+", " ", folded).strip().casefold()


class Column(BaseModel):
    """One contracted column: its header in each language and how its text is to be read."""

    model_config = ConfigDict(extra="forbid")

    header: dict[str, Annotated[list[Header], Field(min_length=1)]] = Field(
        min_length=1, description="Language → its header; several where the vendor's releases differ."
    )
    type: Literal["text", "integer", "decimal", "date", "timestamp", "boolean"] = "text"
    required: bool = True
    timezone: Timezone | None = Field(None, description="Zone of naive times in this column; default the profile's.")
    currency: Currency | None = Field(None, description="Declared currency of the amounts; symbols that differ are reported.")
    currency_reason: str | None = None
    divide_by: int | None = Field(None, gt=1, description="For amounts in a smaller unit: 1000000 for micros, 100 for cents.")

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        """The schema of what may be written, short forms too."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        texts = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
        by_language = {"type": "object", "additionalProperties": texts, "minProperties": 1}
        described = schema["properties"]["header"]["description"]
        schema["properties"]["header"] = {"anyOf": [*texts["anyOf"], by_language], "description": described}
        return {"anyOf": [{"type": "string", "description": "Its header, for a text column."}, schema]}

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
    date_formats: list[TimeFormat] = ["%Y-%m-%d"]
    timestamp_formats: list[TimeFormat] = [
        "%Y-%m-%d %H:%M:%S.%f UTC", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S",
    ]  # fmt: skip


class ExtractTime(BaseModel):
    """Where a file's extract day comes from when its name has no date."""

    model_config = ConfigDict(extra="forbid")

    latest_of: list[str] = []
    declared: IsoDay | None = None


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
    columns_by: Literal["header", "position"] = Field(
        "header", description="position: the feed's columns are the file's in their order, whatever the header calls them."
    )

    def as_dialect(self) -> Dialect:
        """The same for the reader."""
        return Dialect(**self.model_dump(exclude={"columns_by"}))


class Feed(BaseModel):
    """One kind of file: one row per `key`, full or delta."""

    model_config = ConfigDict(extra="forbid")

    description: str
    delivery: Literal["full", "delta"]
    key: list[str] = Field(description="Canonical columns; empty when the vendor gives none: then the row's position.")
    files: list[str] = Field([], description="File name patterns: evidence of the feed, never proof.")
    columns: dict[Name, Column] = Field(min_length=1)
    extract_time: ExtractTime = ExtractTime()
    null_values: list[str] = []
    skip_totals: bool = Field(True, description="Whether rows that begin with a word for total are no data.")
    skip_rows_matching: SqlPattern | None = Field(None, description="Regex on the first cell of total and footer rows.")
    never_with: list[str] = Field(
        [], description="Headers that make rows finer than one per key, such as a device: a file with one is another report."
    )
    dialect: DialectSpec | None = Field(None, description="Only where the reader would not find it by itself.")
    canonical: Canonical | None = Field(None, description="What this feed is to the marts, where no model of its own reads it.")
    max_days_late: int = Field(2, description="Days without a new extract after which the feed is called late.")
    max_volume_drop: float = Field(
        0.5, ge=0, le=1, description="Share of rows that a full export may lose before it is reported."
    )

    _vendor: str = PrivateAttr("")
    _entity: str = PrivateAttr("")

    @model_validator(mode="after")
    def _check_references(self) -> "Feed":
        misfits = [*self._unknown_columns(), *self._shared_headers()]
        if misfits:
            raise MisfitsError(misfits)
        return self

    def _unknown_columns(self) -> list[Misfit]:
        named = [
            *((("key", number), name) for number, name in enumerate(self.key)),
            *((("extract_time", "latest_of", number), name) for number, name in enumerate(self.extract_time.latest_of)),
        ]
        if self.canonical:
            named += [(("canonical", "columns", key), name) for key, name in self.canonical.columns.items()]
        known = ", ".join(self.columns)
        return [
            Misfit(place, f"'{name}' is not among the feed's columns", f"add it to `columns`, or name one of {known}")
            for place, name in named
            if name not in self.columns
        ]

    def _shared_headers(self) -> list[Misfit]:
        """A header must lead to one column in each language, unless columns are found by their place."""
        misfits = []
        if self.is_positional:
            return misfits
        for language in self.languages:
            owners: dict[str, str] = {}
            for name, column in self.columns.items():
                for header in column.headers_in(language):
                    owner = owners.setdefault(normalise_header(header), name)
                    if owner != name:
                        problem = f"header '{header}' ({language}) is already that of column `{owner}`"
                        misfits.append(Misfit(("columns", name), problem, "give each column a header of its own"))
                if len(set(column.headers_in(language))) < len(column.headers_in(language)):
                    problem = f"a header stands twice in language {language}"
                    misfits.append(Misfit(("columns", name), problem, "name each header once"))
        return misfits

    @property
    def vendor(self) -> str:
        """The profile's vendor."""
        return self._vendor

    @property
    def entity(self) -> str:
        """The feed's name within its profile."""
        return self._entity

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

    @cached_property
    def headers_by_language(self) -> dict[str, dict[str, str]]:
        """Language → normalised header → canonical column; every file's header is compared with it."""
        return {
            language: {
                normalise_header(header): name
                for name, column in self.columns.items()
                for header in column.headers_in(language)
            }
            for language in self.languages
        }

    @cached_property
    def required_by_language(self) -> dict[str, list[list[str]]]:
        """Language → per required column its normalised headers, any of which will do."""
        return {
            language: [
                [normalise_header(header) for header in headers]
                for column in self.columns.values()
                if column.required and (headers := column.headers_in(language))
            ]
            for language in self.languages
        }

    @property
    def is_positional(self) -> bool:
        """Whether columns are found by their place, because the header does not name each once."""
        return self.dialect is not None and self.dialect.columns_by == "position"

    def headers(self, language: str) -> dict[str, str]:
        """Normalised header → canonical column, for one language."""
        return self.headers_by_language[language]

    def required_headers(self, language: str) -> list[list[str]]:
        """Per required column its normalised headers, any of which will do."""
        return self.required_by_language[language]


class Profile(BaseModel):
    """All the feeds of one vendor."""

    model_config = ConfigDict(extra="forbid")

    vendor: Name
    label: str
    source_note: str = Field(description="Where the header names come from.")
    currency: Currency = "EUR"
    timezone: Timezone = "UTC"
    locales: dict[str, Locale] = {ANY_LANGUAGE: Locale()}
    stages: dict[Literal["lead", "opportunity"], dict[str, StageMeaning]] = Field(
        {}, description="What the vendor's status and stage names mean; seeds/stage_map.csv wins."
    )
    feeds: dict[Name, Feed] = Field(min_length=1)

    @model_validator(mode="after")
    def _name_feeds_and_check_languages(self) -> "Profile":
        misfits = []
        for entity, feed in self.feeds.items():
            feed._vendor, feed._entity = self.vendor, entity
            for language in feed.languages:
                if language not in self.locales and ANY_LANGUAGE not in self.locales:
                    problem = f"headers in language {language}, whose numbers and dates `locales` does not describe"
                    misfits.append(Misfit(("feeds", entity), problem, f"add `{language}` or `{ANY_LANGUAGE}` to `locales`"))
        if misfits:
            raise MisfitsError(misfits)
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
            **feed.model_dump(include={"delivery", "dialect", "skip_totals", "skip_rows_matching", "extract_time"}),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def load_profile(path: Path) -> Profile:
    """Read one profile file.

    Raises:
        ProfileError: not YAML, or not a profile; names every wrong place.

    """
    document, places, faults = read_yaml(path)
    if faults:
        raise ProfileError(faults)
    try:
        return Profile.model_validate(document)
    except ValidationError as error:
        raise ProfileError(explain(error, path, places, _KEYS)) from error


def load_profiles(*folders: Path) -> dict[str, Profile]:
    """All profiles by vendor; a later folder's vendor wins over an earlier one's.

    Raises:
        ProfileError: names every wrong place of every file.

    """
    found: dict[str, Profile] = {}
    faults: list[Fault] = []
    for folder in folders:
        vendors: dict[str, Path] = {}
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
            try:
                profile = load_profile(path)
            except ProfileError as error:
                faults += error.faults
                continue
            if (first := vendors.setdefault(profile.vendor, path)) != path:
                faults.append(
                    Fault(
                        path, 1, "vendor", f"'{profile.vendor}' is also the vendor of {first.name}", "put its feeds in one file"
                    )
                )
            found[profile.vendor] = profile
    if faults:
        raise ProfileError(faults)
    return found


def profile_schema() -> dict[str, Any]:
    """The JSON Schema of a profile file, for editors and for `profiles/profile.schema.json`."""
    schema = _without_titles(Profile.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Export profile", **schema}


def _without_titles(node: Any) -> Any:
    """Pydantic titles everything after its own name, which says nothing new."""
    if isinstance(node, list):
        return [_without_titles(item) for item in node]
    if isinstance(node, dict):
        return {key: _without_titles(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    return node


_MODELS = (Profile, Feed, Column, Locale, ExtractTime, DialectSpec, Canonical, StageMeaning)
_KEYS = sorted({name for model in _MODELS for name in model.model_fields})


def known_profiles(settings: Settings) -> dict[str, Profile]:
    """Shipped profiles and the company's own, which win."""
    return load_profiles(SHIPPED_PROFILES, settings.export_profiles_dir)
