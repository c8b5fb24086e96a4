"""One feed of raw as a relation: its records as known at `as_of`, read through the feed's profile.

Columns: the feed's, as text in one plain notation; `_extracted_at` (the newest extract that had the record so),
`_first_extracted_at` (the first extract that had the record at all),
`_is_deleted` (a later full export no longer had it) and `_record_id` (for feeds without a key: which record it is).
"""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.landing.canonical import ENTITIES, Canonical
from orchestration.landing.ledger import Segment
from orchestration.landing.normalise import normal_columns
from orchestration.landing.profiles import Feed, Profile
from orchestration.landing.row_versions import Stored, quoted, segments_sql, sightings_sql
from orchestration.privacy.record_ids import NAMING_COLUMNS, names_records_by_address, pseudonym_sql


@dataclass(frozen=True)
class FeedExtracts:
    """What the ledger knows of a feed: its Parquet, and its extracts up to `as_of` as (extract time, file).

    `unsure` are extract times from which nothing can be said to be gone; `without_doubles` the files of which no two rows share
    a key.
    """

    folder: Path
    extracts: Sequence[tuple[str, str]]
    segments: Sequence[Segment]
    all_times: Sequence[str]
    sighting: str | None
    unsure: Container[str] = ()
    without_doubles: Container[str] = ()


def feed_sql(profile: Profile, feed: Feed, known: FeedExtracts) -> str:
    """SQL for the feed's relation; an empty one when no file had come by then."""
    if not known.extracts:
        empty = ", ".join(f'cast(null as varchar) as "{name}"' for name in feed.columns)
        return (
            f"select {empty}, cast(null as timestamp) as _extracted_at, "
            "cast(null as timestamp) as _first_extracted_at, cast(null as boolean) as _is_deleted, "
            "cast(null as varchar) as _record_id where 1 = 0"
        )
    only = _only_segment(feed, known)
    if only:
        rows = _rows_as_delivered(feed, known, only)
    else:
        rows = _full_rows(feed, known) if feed.delivery == "full" else _delta_rows(feed, known)
    return " union all ".join(
        f"select {_read(profile, feed, language)}, _extracted_at, _first_extracted_at, _is_deleted, _record_id "
        f"from ({rows}) as rows where segment in ({numbers})"
        for language, numbers in _languages(known.segments).items()
    )


def versions_sql(profile: Profile, feed: Feed, known: FeedExtracts) -> str:
    """SQL for every state in which extracts up to `as_of` showed a feed's records.

    Columns: the feed's, and `_seen_from`, `_seen_to`: the first and last extract of a run of extracts that had the row so.
    A record may be back in an earlier state, then that state has two rows. In a delta each delivered row is a state seen once.
    """
    if not known.extracts:
        empty = ", ".join(f'cast(null as varchar) as "{name}"' for name in feed.columns)
        return f"select {empty}, cast(null as timestamp) as _seen_from, cast(null as timestamp) as _seen_to where 1 = 0"
    rows = _full_versions(feed, known) if feed.delivery == "full" else _delta_versions(feed, known)
    return " union all ".join(
        f"select {_read(profile, feed, language)}, _seen_from, _seen_to from ({rows}) as rows where segment in ({numbers})"
        for language, numbers in _languages(known.segments).items()
    )


def _full_versions(feed: Feed, known: FeedExtracts) -> str:
    newest = f"timestamp {quoted(max(known.extracts)[0])}"
    return (
        f"select rows.*, seen.first_at as _seen_from, least(seen.last_at, {newest}) as _seen_to "
        f"from {_rows_sql(known, feed, known.segments)} as rows "
        f"join {_sightings(known)} as seen using (segment, row_no) where seen.first_at <= {newest}"
    )


def _delta_versions(feed: Feed, known: FeedExtracts) -> str:
    rows = _delta_extracts(feed, known, known.extracts)
    return f"select *, _extracted_at as _seen_from, _extracted_at as _seen_to from ({rows})"


# More than a file can have.
_MOST_ROWS = 1 << 40
_STATE = {"_extracted_at": "timestamp", "_first_extracted_at": "timestamp", "_is_deleted": "boolean"}
_VERSION = {"_seen_from": "timestamp", "_seen_to": "timestamp"}


def canonical_sql(entity: str, profiles: Collection[Profile], present: Container[str], *, versions: bool = False) -> str:
    """SQL for a canonical entity: the records of every feed that its profile maps to it, as text, with their source.

    Stands on the feeds' own relations, or on their versions; feeds of which no file has come are left out.
    """
    columns, own = list(ENTITIES[entity]), _VERSION if versions else _STATE
    suffix = "__versions" if versions else ""
    by_address = {profile.vendor for profile in profiles if names_records_by_address(profile)}
    selects = [
        f"select {quoted(profile.vendor)} as source_system, {quoted(feed.entity)} as source_entity, "
        + ", ".join(f"{_canonical_value(feed.canonical, name, profile.vendor in by_address)} as {name}" for name in columns)
        + f", {', '.join(own)} from raw.{feed.relation}{suffix}"
        for profile in profiles
        for feed in profile.feeds.values()
        if feed.canonical and feed.canonical.entity == entity and feed.name in present
    ]
    if selects:
        return " union all ".join(selects)
    empty = ", ".join(f"cast(null as varchar) as {name}" for name in ["source_system", "source_entity", *columns])
    return f"select {empty}, {', '.join(f'cast(null as {kind}) as {name}' for name, kind in own.items())} where 1 = 0"


def extracts_sql(extracts: Mapping[tuple[str, str], Sequence[tuple[str, str]]], unsure: Mapping[str, Container[str]]) -> str:
    """SQL for the times of every feed's extracts: a record that a complete one lacks was gone by then."""
    rows = [
        f"({quoted(vendor)}, {quoted(entity)}, timestamp {quoted(at)}, {at not in unsure.get(f'{vendor}/{entity}', ())})"
        for (vendor, entity), pairs in extracts.items()
        for at in sorted({at for at, _ in pairs})
    ]
    columns = "source_system, entity, extracted_at, is_complete"
    if rows:
        return f"select {columns} from (values {', '.join(rows)}) as extracts({columns})"
    return (
        "select cast(null as varchar) as source_system, cast(null as varchar) as entity, "
        "cast(null as timestamp) as extracted_at, cast(null as boolean) as is_complete where 1 = 0"
    )


def _canonical_value(canonical: Canonical, name: str, is_named_by_address: bool) -> str:
    if name in canonical.constants:
        return quoted(canonical.constants[name])
    if name not in canonical.columns:
        return "cast(null as varchar)"
    column = f'"{canonical.columns[name]}"'
    return pseudonym_sql(column) if is_named_by_address and name in NAMING_COLUMNS else column


def _languages(segments: Sequence[Segment]) -> dict[str, str]:
    """Language of the vendor's user interface → the segments that were exported in it."""
    found: dict[str, list[int]] = {}
    for segment in segments:
        found.setdefault(segment.language, []).append(segment.number)
    return {language: ", ".join(map(str, numbers)) for language, numbers in found.items()}


def _read(profile: Profile, feed: Feed, language: str) -> str:
    return ", ".join(f'{sql} as "{name}"' for name, sql in normal_columns(profile, feed, language).items())


def _rows_sql(known: FeedExtracts, feed: Feed, segments: Sequence[Segment]) -> str:
    return segments_sql([(s.number, known.folder / f"{s.content_hash}.parquet") for s in segments], list(feed.columns))


def _listed(feed: Feed) -> str:
    return ", ".join(f'"{name}"' for name in feed.columns)


def _content(feed: Feed) -> str:
    """A number that follows from a record's content alone: settles ties without looking at the order of arrival."""
    return f"hash({_listed(feed)})"


def _record_id(feed: Feed) -> str:
    """Equal records of a feed without a key are numbered among themselves."""
    if feed.key:
        return "cast(null as varchar)"
    return f"md5(concat_ws('|', {_listed(feed)})) || '-' || row_number() over (partition by {_listed(feed)} order by segment)"


def _key(feed: Feed) -> str:
    return ", ".join(f'trim("{name}")' for name in feed.key)


def _first_of(time: str, feed: Feed) -> str:
    return f"min({time}) over (partition by {_key(feed)}) as _first_extracted_at"


def _only_segment(feed: Feed, known: FeedExtracts) -> Segment | None:
    """The rows of a feed that one file has brought, each with a key of its own: nothing else says anything of a record."""
    if len(known.extracts) > 1 or not feed.key or not all(feed.columns[name].required for name in feed.key):
        return None
    sha256 = known.extracts[0][1]
    found = [segment for segment in known.segments if segment.sha256 == sha256]
    # Of full exports a row is stored once: files that were extracted later may have brought what this one has.
    is_alone = feed.delivery == "delta" or len(known.all_times) == len(known.segments) == 1
    return found[0] if found and is_alone and sha256 in known.without_doubles else None


def _rows_as_delivered(feed: Feed, known: FeedExtracts, segment: Segment) -> str:
    at = f"timestamp {quoted(known.extracts[0][0])}"
    return (
        f"select *, {at} as _extracted_at, {at} as _first_extracted_at, false as _is_deleted, {_record_id(feed)} as _record_id "
        f"from {_rows_sql(known, feed, [segment])}"
    )


def _delta_rows(feed: Feed, known: FeedExtracts) -> str:
    """The newest record of each key; within one file the last one. Without a key the records of the newest extract."""
    newest_extract = max(known.extracts)[0]
    extracts = known.extracts if feed.key else [pair for pair in known.extracts if pair[0] == newest_extract]
    rows = _delta_extracts(feed, known, extracts)
    if not feed.key:
        return (
            f"select *, _extracted_at as _first_extracted_at, false as _is_deleted, {_record_id(feed)} as _record_id "
            f"from ({rows})"
        )
    by_key = f"partition by {_key(feed)} order by _extracted_at desc, row_no desc, {_content(feed)} desc"
    if len({at for at, _ in extracts}) < len(extracts):
        # Of two files extracted at once neither is the newer one: their rows' content decides.
        return (
            f"select *, {_first_of('_extracted_at', feed)}, false as _is_deleted, {_record_id(feed)} as _record_id "
            f"from ({rows}) qualify row_number() over ({by_key}) = 1"
        )
    # A window would sort whole rows by their keys; which row is the newest is found among keys and numbers alone.
    return (
        f"with delivered as not materialized ({rows}), newest as ("
        f"select max(place) as place, min(_extracted_at) as _first_extracted_at from delivered group by {_key(feed)}) "
        f"select delivered.*, newest._first_extracted_at, false as _is_deleted, {_record_id(feed)} as _record_id "
        "from delivered join newest using (place)"
    )


def _delta_extracts(feed: Feed, known: FeedExtracts, extracts: Sequence[tuple[str, str]]) -> str:
    """Every row of these extracts with its extract's time, and its place among all: a later extract's rows come later."""
    files = {sha256 for _, sha256 in extracts}
    segments = [segment for segment in known.segments if segment.sha256 in files]
    numbers = {segment.sha256: segment.number for segment in segments}
    times = ", ".join(
        f"({numbers[sha256]}, timestamp {quoted(at)}, {order * _MOST_ROWS})"
        for order, (at, sha256) in enumerate(sorted(extracts))
    )
    return (
        f"select rows.*, times._extracted_at, times.first_place + rows.row_no as place "
        f"from {_rows_sql(known, feed, segments)} as rows "
        f"join (values {times}) as times(segment, _extracted_at, first_place) using (segment)"
    )


def _sightings(known: FeedExtracts) -> str:
    segments = [(s.number, known.folder / f"{s.content_hash}.parquet") for s in known.segments]
    sighting = known.folder / f"{known.sighting}.parquet" if known.sighting else None
    return sightings_sql(Stored(segments, known.all_times, sighting))


def _is_gone(known: FeedExtracts) -> str:
    """A record is gone when a later extract that can be relied on no longer has it."""
    sure = [at for at, _ in known.extracts if at not in known.unsure]
    return f"_extracted_at < timestamp {quoted(max(sure))}" if sure else "false"


def _full_rows(feed: Feed, known: FeedExtracts) -> str:
    """The last state of each key; a record that the newest reliable extract no longer has was deleted."""
    newest = max(known.extracts)[0]
    newest_time = f"timestamp {quoted(newest)}"
    rows = (
        f"select rows.*, least(seen.last_at, {newest_time}) as _extracted_at, seen.first_at "
        f"from {_rows_sql(known, feed, known.segments)} as rows "
        f"join {_sightings(known)} as seen using (segment, row_no) where seen.first_at <= {newest_time}"
    )
    if not feed.key:
        return (
            f"select *, first_at as _first_extracted_at, false as _is_deleted, {_record_id(feed)} as _record_id from ({rows}) "
            f"where _extracted_at = {newest_time}"
        )
    return (
        f"select *, {_first_of('first_at', feed)}, {_is_gone(known)} as _is_deleted, "
        f"{_record_id(feed)} as _record_id from ({rows}) "
        f"qualify row_number() over (partition by {_key(feed)} order by _extracted_at desc, {_content(feed)} desc) = 1"
    )
