"""Marketing touches for the demo company's contacts, ten each: what its own exports have none of, and what grows fastest.

Written beside a delivery of `orchestration.demo.company`, in one streaming query; the same contacts give the same bytes.
"""

import tempfile
from pathlib import Path

from orchestration.demo.csv_files import copy_csv
from orchestration.demo.plan import CAMPAIGNS
from orchestration.engine import open_duckdb
from orchestration.settings import PROJECT_DIR

MEMORY_LIMIT = "4GB"
PER_LEAD = 10
TYPES = ["ad_click", "email_click", "form", "visit", "webinar"]
# Those whose spend the exports tell, one that nobody paid for, and none.
CAMPAIGN_NAMES = [*(campaign.name for campaign in CAMPAIGNS), "Lettre du mois", None]

# A number below `n` that follows from the touch alone.
_MACROS = """
    create temp macro drawn(what, lead_id, number, n) as (hash(what, lead_id, number) % n::ubigint)::bigint;
    create temp macro pick(name, lead_id, number) as
        getvariable(name)[1 + drawn(name, lead_id, number, len(getvariable(name)))];
"""
# The first is the form by which the contact came. The others lie between a year before and six weeks after, never on the
# night's own day; by day, when no clock is changed, because the file's times are local.
_TOUCHES = """
    with contacts as (
        select "ID d'enregistrement" as lead_id, strptime("Date de création", '%d/%m/%Y %H:%M') as created_at
        from read_csv(getvariable('contacts'), delim = ';', header = true, all_varchar = true)
    ),
    spans as (
        select *, date_trunc('day', created_at) - interval 365 day as first_day,
            least(date_trunc('day', created_at) + interval 43 day, getvariable('day')::timestamp) as last_day
        from contacts
    ),
    numbered as (
        select *, unnest(range(getvariable('per_lead'))) as number from spans
    )
    select
        't' || lead_id || '-' || number as touch_id,
        lead_id,
        'hubspot' as lead_system,
        pick('channels', lead_id, number) as origin_channel,
        pick('campaigns', lead_id, number) as campaign_name,
        case when number = 0 then 'form' else pick('types', lead_id, number) end as touch_type,
        case
            when number = 0 then created_at
            else first_day
                + to_days(drawn('day', lead_id, number, date_diff('day', first_day, last_day))::integer)
                + to_minutes(420 + drawn('minute', lead_id, number, 900))
        end as occurred_at
    from numbered
"""


def write_touches(exports: Path) -> Path:
    """Write ten touches of each contact into the exports' last folder; gives the file."""
    folder = max(path for path in exports.iterdir() if path.is_dir())
    target = folder / f"touches_{folder.name}.csv"
    channel_map = str(PROJECT_DIR / "seeds" / "channel_map.csv")
    with (
        tempfile.TemporaryDirectory() as spill,
        open_duckdb(config={"memory_limit": MEMORY_LIMIT, "temp_directory": spill}) as connection,
    ):
        connection.execute(_MACROS)
        known = connection.execute("select list(source_value order by source_value) from read_csv($1)", [channel_map])
        variables = {
            "contacts": str(folder / f"hubspot-crm-exports-contacts-{folder.name}.csv"), "day": folder.name,
            "per_lead": PER_LEAD, "channels": known.fetchone()[0], "campaigns": CAMPAIGN_NAMES, "types": TYPES,
        }  # fmt: skip
        for name, value in variables.items():
            connection.execute(f"set variable {name} = $1", [value])
        copy_csv(connection, _TOUCHES, target)
    return target
