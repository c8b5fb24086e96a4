"""What is kept no longer than it may be: refused files, delivered originals, and prospects nobody has been in touch with.

The day comes from the caller, who read the clock; nothing here does.
"""

import datetime as dt
from pathlib import Path

from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.settings import Settings


def remove_what_is_too_old(home: Home, settings: Settings, today: dt.date) -> dict[str, int]:
    """Remove quarantined files and originals past their days; rows in raw stay, and an original can be written anew from them.

    Returns:
        How many of each were removed.

    """
    first_day = today - dt.timedelta(days=settings.quarantine_days)
    quarantined = [path for path in sorted(home.quarantine.iterdir()) if path.is_file() and _day_of(path) < first_day]
    for path in quarantined:
        path.unlink()
    removed = {"quarantined": len(quarantined), "originals": 0}
    first_landing = (today - dt.timedelta(days=settings.originals_days)).isoformat()
    files = Ledger(home.ledger).known_files()
    # A workbook's parts share one original: it stays as long as the youngest of them.
    landed: dict[str, str] = {}
    for sha256, row in files.items():
        for name in {sha256, row["container_sha256"] or sha256}:
            landed[name] = max(landed.get(name, ""), row["landed_at"])
    for path in sorted(home.originals.glob("*.zst")):
        if landed.get(path.stem, "9999") < first_landing:
            path.unlink()
            removed["originals"] += 1
    return removed


def overdue_prospects(home: Home, settings: Settings) -> list[str]:
    """E-mail addresses of people who never bought and whose last contact is too long ago, as the last built night knows them.

    Contact is what a person did: a record of his own, a stage that he reached, an opportunity. Who is or was a customer, or
    has an opportunity open, is no prospect.
    """
    if not home.candidate.exists():
        return []
    with open_duckdb(home.candidate, read_only=True) as connection:
        rows = connection.execute(
            """
            with contacts as (
                select person_key, created_at as happened_at from intermediate.int_people_identified
                where not is_created_imputed
                union all
                select entity_key, occurred_at from marts.fct_lifecycle_event where entity_type = 'person'
            ),
            busy as (
                select person_key from marts.rpt_lead_to_revenue where won_at is not null
                union
                select person_key from marts.fct_opportunity where outcome in ('won', 'open')
            ),
            last_contacts as (select person_key, max(happened_at) as last_at from contacts group by person_key)
            select distinct people.email_normalised
            from intermediate.int_people_identified as people
            join last_contacts using (person_key)
            cross join raw.night as night
            where last_contacts.last_at < night.as_of_at - to_months(?)
                and people.person_key not in (select person_key from busy where person_key is not null)
                and people.email_normalised like '%@%' and people.email_normalised not like '%@erased.invalid'
            order by 1
            """,
            [settings.prospect_months],
        ).fetchall()
    return [row[0] for row in rows]


def _day_of(path: Path) -> dt.date:
    """When it was set aside."""
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date()
