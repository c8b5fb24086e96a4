"""Numbers, ids, dates and times as text files write them, in both languages."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from tests.corpus.model import COLUMNS, CorpusFile, cell_text, csv_text, deals, json_lines, records, table, twin

_UNREAD = ("unreadable_value",)


def files() -> Iterator[CorpusFile]:
    """All files of these families."""
    yield from _amounts()
    yield from _ids()
    yield from _times()


def _with(
    family: str, label: str, column: str, written: Sequence[str], meant: Sequence[object], language: str = "fr", **owed: object
) -> CorpusFile:
    """Deals whose column holds these texts, which mean these values."""
    rows = deals(len(written))
    cells = table(rows, language)
    position = COLUMNS.index(column)
    for cell, text in zip(cells[1:], written, strict=True):
        cell[position] = text
    true = [{**row, column: value} for row, value in zip(rows, meant, strict=True)]
    content = csv_text(cells, ";" if language == "fr" else ",").encode()
    return CorpusFile(family, f"{label}_{language}", "csv", content, twin(true), **owed)


def _amounts() -> Iterator[CorpusFile]:
    def amounts(family: str, label: str, written: str, meant: str, language: str, **owed: object) -> CorpusFile:
        texts, values = written.split("~"), [Decimal(text) for text in meant.split("~")]
        return _with(family, label, "amount", texts, values, language, **owed)

    yield amounts("decimal mark", "comma", "1234,5~0,01~-7,25~1000000", "1234.5~0.01~-7.25~1000000", "fr")
    yield amounts("decimal mark", "point", "1234.5~0.01~-7.25~1000000", "1234.5~0.01~-7.25~1000000", "en")
    yield amounts("decimal mark", "point_in_comma_locale", "1234.5~17.25", "1234.5~17.25", "fr", set_aside=2, refusals=("*",))
    for label, sign in (("space", " "), ("nbsp", "\u00a0"), ("narrow_nbsp", "\u202f"), ("dot", ".")):
        written = "1_234,50~1_234_567,89~-9_000,00~950,00".replace("_", sign)
        yield amounts("thousands", label, written, "1234.50~1234567.89~-9000~950", "fr")
    for label, sign in (("comma", ","), ("space", " "), ("nbsp", "\u00a0")):
        written = "1_234.50~1_234_567.89~-9_000.00~950.00".replace("_", sign)
        yield amounts("thousands", label, written, "1234.50~1234567.89~-9000~950", "en")
    yield amounts("thousands", "ambiguous_dot", "50.000~1.234", "50000~1234", "fr", noticed=("ambiguous_number",))
    yield amounts("thousands", "ambiguous_comma", "50,000~1,234", "50000~1234", "en", noticed=("ambiguous_number",))
    yield amounts("negative numbers", "minus", "-1234,50~-0,5", "-1234.50~-0.5", "fr")
    yield amounts("negative numbers", "parentheses", "(1234,50)~(1 234,50)", "-1234.50~-1234.50", "fr")
    yield amounts("negative numbers", "parentheses", "(1234.50)~(1,234.50)~($12.00)", "-1234.50~-1234.50~-12", "en")
    yield amounts("negative numbers", "unicode_minus", "−1234,50~−12", "-1234.50~-12", "fr")
    yield amounts("negative numbers", "minus_before_sign", "-$1,234.50~-€12", "-1234.50~-12", "en")
    yield amounts("currency signs", "euro_after", "1 234,50 €~12,00€~-5,00 €", "1234.50~12~-5", "fr")
    yield amounts("currency signs", "euro_before", "€1,234.50~€ 12.00~€5", "1234.50~12~5", "en")
    yield amounts("currency signs", "pound_dollar", "£1,234.50~$12.00", "1234.50~12", "en")
    yield amounts("percent", "percent", "12,5 %~100%~-0,25 %", "0.125~1~-0.0025", "fr")
    yield amounts("percent", "percent", "12.5%~100%~-0.25%", "0.125~1~-0.0025", "en")
    yield amounts("exponents", "amounts", "1.5E3~2E-3~1e6", "1500~0.002~1000000", "en")
    left = {"twelve": "douze", "two_marks": "1,234,50", "currency_code": "1234 XYZ", "swiss": "1'234.50", "english": "1,234.50"}
    for label, text in left.items():
        yield _with("not a number", label, "amount", [text, "5,00"], [text, Decimal(5)], "fr", noticed=_UNREAD)
    yield _with("not a number", "french", "amount", ["1.234,50", "5.00"], ["1.234,50", Decimal(5)], "en", noticed=_UNREAD)


def _ids() -> Iterator[CorpusFile]:
    zeros = ["00123", "0123", "000", "123"]
    yield _with("leading zeros", "zeros", "deal_id", zeros, zeros)
    yield _with("leading zeros", "zeros", "deal_id", zeros, zeros, "en")
    yield _with("leading zeros", "zeros_company", "company_id", zeros, zeros)
    long = ["9007199254740993", "12345678901234567890", "100000000000000000000000001"]
    yield _with("long ids", "long", "deal_id", long, long)
    yield _with("long ids", "long_owner", "owner", long, long, "en")
    rows = deals(len(long))
    for row, value in zip(rows, long, strict=True):
        row["deal_id"] = value
    numeric = json_lines(records(rows)).decode()
    for value in long:
        numeric = numeric.replace(f'"{value}"', value)
    yield CorpusFile("long ids", "long_numbers", "jsonl", numeric.encode(), twin(rows))
    for label, column, text in (
        ("shortened_id", "deal_id", "1E+15"),
        ("shortened_id_point", "deal_id", "1.2E+15"),
        ("shortened_id_comma", "deal_id", "1,2E+15"),
        ("shortened_company", "company_id", "9.00123E+11"),
        ("shortened_small", "deal_id", "1.23457e+09"),
    ):
        cells = table(deals())
        cells[3][COLUMNS.index(column)] = text
        good = deals()[:2] + deals()[3:]
        yield CorpusFile("ids as 1E+15", label, "csv", csv_text(cells).encode(), twin(good), set_aside=1)
    cells = table(deals())
    cells[3][1] = "#N/A"
    yield CorpusFile("error cells", "error_text", "csv", csv_text(cells).encode(), twin(deals()[:2] + deals()[3:]), set_aside=1)
    cells[3][1] = "#NOM?"
    yield CorpusFile(
        "error cells", "error_text_fr", "csv", csv_text(cells).encode(), twin(deals()[:2] + deals()[3:]), set_aside=1
    )


def _times() -> Iterator[CorpusFile]:
    days = [dt.date(2026, 3, 4), dt.date(2026, 12, 11), dt.date(2026, 1, 31)]
    yield _with("d/m and m/d", "day_first", "closed_at", [day.strftime("%d/%m/%Y") for day in days], days)
    yield _with(
        "d/m and m/d",
        "month_first",
        "closed_at",
        [day.strftime("%m/%d/%Y") for day in days],
        [day.strftime("%m/%d/%Y") for day in days],
        "en",
        noticed=_UNREAD,
    )
    yield _with("ISO dates", "iso_days", "closed_at", [day.isoformat() for day in days], days)
    yield _with("ISO dates", "iso_days", "closed_at", [day.isoformat() for day in days], days, "en")
    instants = [dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC), dt.datetime(2026, 12, 31, 23, 59, 59, tzinfo=dt.UTC)]
    for label, form in (
        ("zulu", "%Y-%m-%dT%H:%M:%SZ"),
        ("zulu_ms", "%Y-%m-%dT%H:%M:%S.000Z"),
        ("offset", "%Y-%m-%dT%H:%M:%S+00:00"),
        ("offset_short", "%Y-%m-%dT%H:%M:%S+0000"),
    ):
        for language in ("fr", "en"):
            yield _with("times with zones", label, "created_at", [at.strftime(form) for at in instants], instants, language)
    two = dt.timezone(dt.timedelta(hours=2))
    yield _with(
        "times with zones", "offset_two", "created_at", [at.astimezone(two).isoformat() for at in instants], instants, "en"
    )
    local = [
        dt.datetime(2026, 3, 28, 12),
        dt.datetime(2026, 3, 29, 12),
        dt.datetime(2026, 10, 25, 12),
        dt.datetime(2026, 7, 14, 0, 5),
    ]
    for language in ("fr", "en"):
        written = [cell_text(at, language) for at in local]
        yield _with("change of clocks", "clear", "created_at", written, local, language)
        twice = [dt.datetime(2026, 10, 25, 2, 30), local[0]]
        second = [dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC), local[0]]
        yield _with(
            "change of clocks",
            "twice",
            "created_at",
            [cell_text(at, language) for at in twice],
            second,
            language,
            noticed=("ambiguous_time",),
        )
        gap = [dt.datetime(2026, 3, 29, 2, 30), local[0]]
        shifted = [dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC), local[0]]
        yield _with(
            "change of clocks",
            "skipped_hour",
            "created_at",
            [cell_text(at, language) for at in gap],
            shifted,
            language,
            noticed=("ambiguous_time",),
        )
    for text, label in (
        ("46082", "serial"),
        ("31/02/2026", "no_such_day"),
        ("3 mars 2026", "words"),
        ("2026-13-01", "no_such_month"),
    ):
        yield _with("not a date", label, "closed_at", [text, "04/03/2026"], [text, days[0]], "fr", noticed=_UNREAD)
    yield _with(
        "not a date", "two_digit_year", "closed_at", ["04/03/26", "04/03/2026"], ["04/03/26", days[0]], "fr", noticed=_UNREAD
    )
