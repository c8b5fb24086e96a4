"""Planted truth comes back: the demo company through whole nights."""

import json
import math
import statistics

import duckdb
import pytest
from nights import night_on

Z95, Z99 = 1.959963984540054, 2.5758293035489004


def wilson(successes: int, trials: int, z: float) -> tuple[float, float]:
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return centre - half, centre + half


def mature_conversions(home) -> dict[str, tuple[int, int]]:
    """Channel → (converted, entered) over all mature MQL cohorts at 365 days."""
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        rows = connection.execute(
            """select substr(segment, 9), sum(n_converted), sum(n_entered) from marts.mart_funnel_cohort
               where segment like 'channel=%' and is_mature and from_stage = 'mql' and to_stage = 'customer'
               and horizon_days = 365 group by 1 order by 1"""
        ).fetchall()
    return {channel: (int(converted), int(entered)) for channel, converted, entered in rows}


def planted(exports) -> dict[str, dict]:
    truth = json.loads((exports / "truth.json").read_text())
    return {entry["channel"]: entry for entry in truth["channels"].values()}


def test_every_channels_planted_conversion_lies_in_its_99_percent_interval(demo_night, demo_exports):
    result, home = demo_night
    assert result.exit_code == 0, result.message
    found = mature_conversions(home)
    for channel, entry in planted(demo_exports).items():
        low, high = wilson(*found[channel], Z99)
        assert low <= entry["p_mql_to_won"] <= high, channel


def test_every_stage_count_of_every_channel_is_the_realised_one(demo_night, demo_exports):
    _, home = demo_night
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        rows = connection.execute(
            """select channel, count(inquiry_at), count(mql_at), count(sal_at), count(sql_at), count(sqo_at), count(won_at)
               from marts.rpt_lead_to_revenue group by 1"""
        ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    for channel, entry in planted(demo_exports).items():
        assert found[channel] == tuple(entry["realised"][stage] for stage in ("inquiries", "mql", "sal", "sql", "sqo", "won"))


def test_planted_stale_missing_and_invalid_values_come_back_per_field(demo_night, demo_exports):
    _, home = demo_night
    truth = json.loads((demo_exports / "truth.json").read_text())["staleness"]
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        rows = connection.execute(
            """select field_name, n_required, n_fresh, n_stale, n_missing, n_invalid from marts.mart_crm_freshness
            where entity_type = 'lead' and field_name <> 'lead_source'"""
        ).fetchall()
    assert len(rows) == 5
    for field, required, *counts in rows:
        entry = truth["title" if field == "job_title" else field]
        wanted = [entry[name] for name in ("n_fresh", "n_stale", "n_missing", "n_invalid")]
        assert required == sum(wanted), field
        assert all(abs(count - right) / required < 0.005 for count, right in zip(counts, wanted, strict=True)), field


def test_planted_duplicates_are_one_person(demo_night, demo_exports):
    _, home = demo_night
    truth = json.loads((demo_exports / "truth.json").read_text())
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        people = connection.execute("select count(*) from marts.dim_person").fetchone()[0]
    assert people == truth["distinct_people"]


def test_no_published_table_holds_an_e_mail_phone_or_name_of_a_person(demo_night, demo_exports):
    _, home = demo_night
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and data_type = 'VARCHAR'"
        ).fetchall()
        hits = [
            (table, column)
            for table, column in columns
            if connection.execute(
                f"select count(*) from marts.{table} where {column} like '%@%' or regexp_matches({column}, '^[+]33')"
            ).fetchone()[0]
        ]
    assert columns
    assert hits == []


STEPS = ("inquiry", "mql", "sal", "sql", "sqo", "customer")


def truncated_median(lag: dict[str, float]) -> float:
    """The median of a lognormal that is drawn again until it lies between its shortest and its longest."""
    normal = statistics.NormalDist()
    below, above = (normal.cdf(math.log(lag[end] / lag["median"]) / lag["sigma"]) for end in ("shortest", "longest"))
    return lag["median"] * math.exp(lag["sigma"] * normal.inv_cdf((below + above) / 2))


def cells_inside(home, exports) -> list[tuple[str, bool]]:
    """Whether the 95 % interval around what the marts say of a channel holds what was planted: the conversion of each step, the
    time of the steps that wait for nobody's working hours, the win rate."""
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        conversions = connection.execute(
            """select substr(segment, 9), from_stage, to_stage, sum(n_converted), sum(n_entered) from marts.mart_funnel_cohort
            where segment like 'channel=%' and is_mature group by all"""
        ).fetchall()
        medians = connection.execute(
            """select substr(segment, 9), from_stage || '_to_' || if(to_stage = 'customer', 'won', to_stage),
                converted_p50_days, n_converted
            from marts.mart_stage_velocity
            where segment like 'channel=%' and (from_stage, to_stage) in (('inquiry', 'mql'), ('sqo', 'customer'))"""
        ).fetchall()
        win_rates = connection.execute(
            """select substr(segment, 9), sum(n_created_won), sum(n_created_closed) from marts.mart_win_rate
            where segment like 'channel=%' and is_created_cohort_mature group by all"""
        ).fetchall()
    # The other tools' few leads have channels of their own, of which nothing is planted.
    truth, cells = planted(exports), []
    conversions, medians, win_rates = ([row for row in rows if row[0] in truth] for rows in (conversions, medians, win_rates))
    for channel, *step, converted, entered in conversions:
        low, high = wilson(int(converted), int(entered), Z95)
        cells.append((" ".join(step), low <= planted_share(truth[channel], *step) <= high))
    for channel, step, median, n in medians:
        lag = truth[channel]["lags_in_days"][step]
        # A median scatters by 1 / (2 f sqrt(n)), f being the density there: that of the lognormal.
        error = Z95 * lag["median"] * lag["sigma"] * math.sqrt(math.pi / 2 / n)
        cells.append((step, abs(median - truncated_median(lag)) <= error))
    for channel, won, closed in win_rates:
        low, high = wilson(int(won), int(closed), Z95)
        cells.append(("win rate", low <= planted_share(truth[channel], "sqo", "customer") <= high))
    return cells


def planted_share(channel: dict, from_stage: str, to_stage: str) -> float:
    shares = list(channel["stage_probabilities"].values())
    return math.prod(shares[STEPS.index(from_stage) : STEPS.index(to_stage)])


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_over_five_seeds_nine_in_ten_cells_hold_the_planted_conversion_lag_and_win_rate(tmp_path):
    from orchestration.demo.company import generate

    cells = []
    for seed in range(1, 6):
        exports = tmp_path / f"exports-{seed}"
        generate(exports, leads=20_000, nights=1, seed=seed)
        result, home = night_on(exports, tmp_path / f"home-{seed}")
        assert result.exit_code == 0, result.message
        cells += cells_inside(home, exports)
    for kind in sorted({kind for kind, _ in cells}):
        inside = [is_inside for cell, is_inside in cells if cell == kind]
        print(f"{kind}: {sum(inside)} of {len(inside)} cells hold what was planted in their 95 % interval")
        assert len(inside) == 5 * 9
    assert sum(is_inside for _, is_inside in cells) / len(cells) >= 0.9


def test_no_model_compares_every_row_of_one_table_with_every_row_of_another(demo_night):
    """A left join on an `or`, or on a test of its left side alone, becomes a nested loop: minutes at 200 000 leads."""
    _, home = demo_night
    slow = []
    with duckdb.connect(str(home.candidate), read_only=True) as connection:
        for path in sorted((home.dbt_target / "compiled").glob("*/models/**/*.sql")):
            if path.parent.suffix == ".yml":
                continue
            (_, plan), *_ = connection.execute(f"explain (analyze, format json) {path.read_text()}").fetchall()
            slow += [(path.stem, pairs) for pairs in compared_pairs(json.loads(plan)) if pairs > 20_000_000]
    assert slow == []


def compared_pairs(operator: dict) -> list[int]:
    """How many pairs of rows each nested loop of a plan compares."""
    inputs = operator.get("children", [])
    is_loop = operator.get("operator_name") in ("BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN")
    own = [math.prod(part["operator_cardinality"] for part in inputs)] if is_loop else []
    return own + [pairs for part in inputs for pairs in compared_pairs(part)]
