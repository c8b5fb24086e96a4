"""Bad files with clean twins: what landing must read right, or refuse with a named reason.

Every file is made here by hand-written bytes, openpyxl or zipfile, never by the product. The same call gives the same files.
"""

import datetime as dt
from dataclasses import replace

from tests.corpus import documents, numbers, tables, texts, workbooks, wrappers
from tests.corpus.model import CorpusFile

FIRST_DAY = dt.date(2024, 1, 1)


def generate() -> list[CorpusFile]:
    """The whole corpus; each file has an extract day of its own in its name, so that its rows can be read apart."""
    made = [*texts.files(), *tables.files(), *numbers.files(), *workbooks.files(), *documents.files(), *wrappers.files()]
    return [_named(file, number) for number, file in enumerate(made)]


def _named(file: CorpusFile, number: int) -> CorpusFile:
    day = FIRST_DAY + dt.timedelta(days=number)
    return replace(file, day=day, name=f"{file.label}-deals-{day}.{file.suffix}")
