"""Keys counted by the hashes of a pass are the keys that the engine counts, blanks at their ends left aside."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.engine import register
from orchestration.landing.doubled_keys import doubled_keys, hashed_key, key_hash_sql
from orchestration.landing.parts import Recognition
from orchestration.landing.profiles import known_profiles
from orchestration.settings import Settings

CONNECTION = duckdb.connect()
PROFILE = known_profiles(Settings())["generic"]
FEED = PROFILE.feeds["leads"]
KEYS = st.text(alphabet="ab \u00a0\u3000é", min_size=1, max_size=3)


def recognised(columns):
    return Recognition(PROFILE, FEED, FEED.languages[0], 0, list(columns), dict(enumerate(columns)))


@settings(max_examples=200, deadline=None)
@given(keys=st.lists(KEYS, max_size=8), group=st.integers(1, 8))
def test_hashes_count_what_the_engine_counts(tmp_path_factory, keys, group):
    path = tmp_path_factory.mktemp("keys") / "rows.parquet"
    (name,) = FEED.key
    cells = pa.table({name: pa.array(keys, pa.string())})
    pq.write_table(cells, path)
    recognition = recognised([name])
    hashes = []
    for start in range(0, len(keys), group):
        register(CONNECTION, "cells", cells[start : start + group])
        sql = key_hash_sql(hashed_key(recognition, len(keys)), cells[start : start + group])
        hashes += CONNECTION.execute(f"select {sql} as h from cells").fetchnumpy()["h"].tolist()
    relation = f"read_parquet('{path}')"
    by_hash = doubled_keys(CONNECTION, relation, recognition, pa.array(hashes, pa.uint64()).to_numpy().copy())
    assert by_hash == doubled_keys(CONNECTION, relation, recognition, None)
    n_doubled = len(keys) - len({key.strip(" \u00a0\u3000") for key in keys})
    assert [finding.n_rows for finding in by_hash] == ([n_doubled] if n_doubled else [])


def test_no_hashes_are_kept_of_a_file_without_its_key_or_with_too_many_rows():
    others = [name for name in FEED.columns if name not in FEED.key][:2]
    assert hashed_key(recognised(others), 10) == ()
    assert hashed_key(recognised(list(FEED.columns)), 1 << 40) == ()
    assert hashed_key(recognised(list(FEED.columns)), 10) == FEED.key
