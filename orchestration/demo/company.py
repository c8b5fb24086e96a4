"""Write the demo company's exports, one folder per night, and its truth: the one entry of this package.

What happens in the company is drawn in `world.py`; here nights are only cut out of it.
"""

import datetime as dt
import json
import tempfile
from pathlib import Path

from orchestration.demo.as_of import create_macros, set_night
from orchestration.demo.clock import FIRST_DAY, LAST_DAY
from orchestration.demo.exports_ads import create_ad_macros, write_ads
from orchestration.demo.exports_hubspot import write_hubspot
from orchestration.demo.exports_salesforce import write_salesforce
from orchestration.demo.exports_stripe import write_stripe
from orchestration.demo.identity_truth import label_pairs
from orchestration.demo.tables import load_tables
from orchestration.demo.truth import describe
from orchestration.demo.world import draw_world
from orchestration.engine import open_duckdb

MEMORY_LIMIT = "4GB"


def generate(out: Path, leads: int = 20_000, nights: int = 30, seed: int = 7) -> Path:
    """Write `nights` folders of exports that end on 2026-09-30, and beside them truth.json and identity_labels.csv.

    The same arguments give the same bytes; `nights` only says how much of the same company is written.

    Args:
        out: Folder to write into; files of an earlier run with the same names are replaced.
        leads: Inquiries over the 24 months.
        nights: Consecutive days ending on the last one.
        seed: Of every random draw.

    Returns:
        The path of truth.json.

    Raises:
        ValueError: fewer than one lead or night, or more nights than the history has days.
    """
    history_days = (LAST_DAY - FIRST_DAY).days + 1
    if leads < 1:
        raise ValueError(f"leads is {leads}; it must be at least 1")
    if not 1 <= nights <= history_days:
        raise ValueError(f"nights is {nights}; it must be between 1 and {history_days}, the days of the history")
    world = draw_world(leads, seed)
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as spill,
        open_duckdb(config={"memory_limit": MEMORY_LIMIT, "temp_directory": spill}) as db,
    ):
        db.execute("set preserve_insertion_order = true")
        create_macros(db)
        load_tables(db, world)
        create_ad_macros(db)
        for number in range(nights):
            night = LAST_DAY - dt.timedelta(days=nights - 1 - number)
            folder = out / night.isoformat()
            folder.mkdir(exist_ok=True)
            set_night(db, night, is_first=number == 0)
            for write in (write_hubspot, write_salesforce, write_ads, write_stripe):
                write(db, folder, night)
    truth = out / "truth.json"
    described = describe(world, seed, nights)
    text = json.dumps(described, ensure_ascii=False, indent=2)
    truth.write_text(text + "\n", encoding="utf-8", newline="\n")
    (out / "identity_labels.csv").write_text(label_pairs(described["identity"]), encoding="utf-8", newline="\n")
    return truth
