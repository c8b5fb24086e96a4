"""The corpus of bad files: loaded as their clean twins, or refused with a named reason; never silently different."""

import contextlib
import multiprocessing
import multiprocessing.connection
import resource
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestration.home import Home
from orchestration.landing.deliver import NothingToLandError, land
from orchestration.settings import Settings
from tests.corpus import generate
from tests.corpus.model import CorpusFile
from tests.corpus.scoring import Outcome, score

# Files per home: each home starts one reading process, and a feed's history grows with its extracts.
_PER_HOME = 80
_MOST_BYTES, _MOST_SECONDS = 512 * 2**20, 10


@pytest.fixture(scope="module")
def corpus() -> list[CorpusFile]:
    return generate()


@pytest.fixture(scope="module")
def outcomes(corpus, tmp_path_factory) -> list[Outcome]:
    starts = range(0, len(corpus), _PER_HOME)
    folders = [tmp_path_factory.mktemp("corpus") for _ in starts]
    with ThreadPoolExecutor(2) as pool:
        scored = pool.map(lambda start, folder: score(corpus[start : start + _PER_HOME], folder), starts, folders)
        return [outcome for outcomes in scored for outcome in outcomes]


def explain(outcomes: list[Outcome]) -> str:
    return "\n".join(f"{item.file.name}: {item.verdict}: {item.why}" for item in outcomes)


def test_the_corpus_is_as_large_and_as_varied_as_promised_and_the_same_each_time(corpus):
    assert len(corpus) >= 150
    assert len({file.family for file in corpus}) >= 30
    assert {file.suffix for file in corpus} >= {"csv", "xlsx", "ods", "json", "jsonl", "zip", "csv.gz"}
    assert [file.content == again.content for file, again in zip(corpus, generate(), strict=True)].count(False) == 0


def test_no_file_is_silently_different(outcomes):
    different = [item for item in outcomes if item.verdict == "different"]
    assert not different, explain(different)


def test_at_least_95_percent_of_the_files_that_can_be_recovered_are_loaded(outcomes):
    recoverable = [item for item in outcomes if item.file.must_load]
    lost = [item for item in recoverable if item.verdict != "right"]
    assert len(lost) <= 0.05 * len(recoverable), explain(lost)


def test_every_refusal_names_its_reason_and_its_place(outcomes):
    unnamed = [item for item in outcomes if item.verdict == "unnamed"]
    assert not unnamed, explain(unnamed)
    refused = Counter(item.why for item in outcomes if item.verdict == "refused")
    assert len(refused) >= 15


def _land_and_measure(folders: list[str], answer: multiprocessing.connection.Connection) -> None:
    """Each folder's file in a home of its own: the seconds it took, and the peak of any reader so far."""
    for folder in map(Path, folders):
        began = time.monotonic()
        home = Home(folder / "home").prepare()
        with contextlib.suppress(NothingToLandError):
            land(home, Settings(home=home.root, exports=folder / "exports"))
        answer.send((time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024))


@pytest.mark.parametrize("family", ["zip bombs", "workbook bombs", "billion laughs", "deep JSON", "10^6 keys"])
def test_a_bomb_is_refused_within_its_bounds_of_time_and_memory(family, corpus, tmp_path):
    bombs = [file for file in corpus if file.family == family]
    folders = [tmp_path / file.name for file in bombs]
    for file, folder in zip(bombs, folders, strict=True):
        (folder / "exports").mkdir(parents=True)
        (folder / "exports" / file.name).write_bytes(file.content)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_land_and_measure, args=(list(map(str, folders)), theirs))
    process.start()
    for file in bombs:
        assert ours.poll(60), f"{file.name}: no end"
        seconds, peak = ours.recv()
        assert seconds <= _MOST_SECONDS, f"{file.name}: {seconds:.1f} s"
        assert peak <= _MOST_BYTES, f"{file.name}: {peak / 2**20:.0f} MB"
    process.join()
