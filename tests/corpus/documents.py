"""What only JSON has: arrays, lines, wrappers, nesting, doubled keys, numbers without bounds, broken ends."""

import json
from collections.abc import Iterator
from decimal import Decimal

from tests.corpus.model import CorpusFile, deals, json_array, json_lines, records, twin


def files() -> Iterator[CorpusFile]:
    """All files of these families."""
    yield from _shapes()
    yield from _values()
    yield from _damages()
    yield from _bombs()


def _json(family: str, label: str, content: bytes, rows: object, suffix: str = "json", **owed: object) -> CorpusFile:
    return CorpusFile(family, label, suffix, content, rows, **owed)


def _shapes() -> Iterator[CorpusFile]:
    rows, clean = records(deals()), twin(deals())
    yield _json("JSON shapes", "array", json_array(rows), clean)
    yield _json("JSON shapes", "array_one_line", json.dumps(rows).encode(), clean)
    yield _json("JSON shapes", "array_of_lines", b"[\n" + b",\n".join(json.dumps(row).encode() for row in rows) + b"\n]", clean)
    yield _json("JSON shapes", "lines", json_lines(rows), clean, "jsonl")
    yield _json("JSON shapes", "lines_crlf", json_lines(rows).replace(b"\n", b"\r\n"), clean, "jsonl")
    yield _json("JSON shapes", "lines_no_last_end", json_lines(rows).rstrip(), clean, "jsonl")
    yield _json("JSON shapes", "lines_blank", json_lines(rows).replace(b"\n", b"\n\n"), clean, "jsonl")
    yield _json("JSON shapes", "one_record", json_lines(rows[:1]), twin(deals(1)), "jsonl")
    wrapped = json.dumps({"results": rows, "paging": {"next": {"after": "100"}}}).encode()
    yield _json("JSON shapes", "wrapped", wrapped, clean)
    nested = [{**row, "associations": {"companies": [{"id": 1}], "n": {"x": 1}}} for row in rows]
    yield _json("nested objects", "nested_extra", json_array(nested), clean, noticed=("extra_column",))
    yield _json(
        "nested objects",
        "nested_all",
        json_array([{"properties": row} for row in rows]),
        None,
        refusals=("not_a_feed", "missing_column"),
    )
    yield _json(
        "nested objects", "list_of_lists", json_array([list(row.values()) for row in rows]), None, refusals=("not_records",)
    )
    two = json.dumps({"a": rows, "b": rows}).encode()
    yield _json("nested objects", "two_lists", two, None, refusals=("not_a_feed", "not_records"))
    for label, content in (("empty_array", b"[]"), ("empty_object", b"{}"), ("array_of_empty", b"[{}, {}]")):
        yield _json("empty", label, content, None, refusals=("*",))


def _values() -> Iterator[CorpusFile]:
    rows, true = records(deals(4)), deals(4)
    rows[0]["Montant"] = rows[1]["Montant"] = None
    del rows[2]["Montant"]
    for deal in true[:3]:
        deal["amount"] = None
    yield _json("null and missing keys", "missing", json_array(rows), twin(true))
    yield _json("null and missing keys", "missing", json_lines(rows), twin(true), "jsonl")
    late = [{k: v for k, v in row.items() if k != "Montant"} for row in records(deals(1500))]
    late[-1]["Montant"] = 5
    meant = [{**deal, "amount": None} for deal in deals(1500)]
    meant[-1]["amount"] = Decimal(5)
    yield _json("null and missing keys", "key_comes_late", json_lines(late), twin(meant), "jsonl")
    plain = json_lines(records(deals(3))).decode()
    for label, number in (
        ("beyond_2_53", "9007199254740993"),
        ("long_fraction", "0.1234567890123456789"),
        ("plain", "12.50"),
        ("exponent", "12e2"),
    ):
        content = plain.replace("1234.5", number, 1).encode()
        true = deals(3)
        true[0]["amount"] = Decimal(number)
        yield _json("JSON numbers", label, content, twin(true), "jsonl")
    true = deals(3)
    true[0]["amount"] = Decimal("1e400")
    yield _json(
        "JSON numbers",
        "1e400",
        plain.replace("1234.5", "1e400", 1).encode(),
        twin(true),
        "jsonl",
        noticed=("unreadable_value",),
    )
    for text in ("NaN", "Infinity", "-Infinity"):
        true = deals(3)
        true[0]["amount"] = None
        content = plain.replace("1234.5", text, 1).encode()
        yield _json("NaN", text.lower().replace("-", "minus_"), content, twin(true[1:]), "jsonl", set_aside=1)
        array = b"[" + b",\n".join(content.splitlines()) + b"]"
        yield _json("NaN", text.lower().replace("-", "minus_"), array, twin(true[1:]), set_aside=1)
    escaped = json.dumps(records(deals()), ensure_ascii=True).encode()
    yield _json("unicode escapes", "escapes", escaped, twin(deals()))
    true = deals(2)
    true[0]["deal_name"] = "fête 🎉"
    yield _json("unicode escapes", "pair", json.dumps(records(true)).encode(), twin(true))
    for suffix, write in (("json", json.dumps), ("jsonl", lambda items: json_lines(items).decode())):
        lone = write(records(deals(3))).replace("Ventes", "V\\ud83dtes", 1)
        yield _json("unicode escapes", "lone", lone.encode(), twin(deals(3)[1:]), suffix, set_aside=1)
        null = write(records(deals(3))).replace("Ventes", "V\\u0000tes", 1)
        yield _json("NUL", "escaped_nul", null.encode(), twin(deals(3)[1:]), suffix, set_aside=1)
    lines = deals(3)
    lines[1]["deal_name"] = 'deux\nlignes, "et" ; plus'
    yield _json("embedded line end", "lines", json_array(records(lines)), twin(lines))
    yield _json("embedded line end", "lines", json_lines(records(lines)), twin(lines), "jsonl")
    zeros = deals(2)
    zeros[0]["deal_id"] = "00123"
    yield _json("leading zeros", "zeros", json_array(records(zeros)), twin(zeros))
    shown = records(deals(2))
    shown[0]["Montant"], shown[1]["Montant"] = "1 234,50 €", "(12,5)"
    true = deals(2)
    true[1]["amount"] = Decimal("-12.5")
    yield _json("text numbers", "text_amounts", json_array(shown), twin(true))
    large = records(deals())
    large[3]["Nom de la transaction"] = "x" * 10_000_000
    yield _json(
        "10 MB cell",
        "cell_10mb",
        json_lines(large),
        twin([*deals()[:3], {**deals()[3], "deal_name": "x" * 10_000_000}, *deals()[4:]]),
        "jsonl",
        set_aside=1,
        refusals=("*",),
    )


def _damages() -> Iterator[CorpusFile]:
    array, lines = json_array(records(deals())), json_lines(records(deals()))
    bad = ("damaged_json",)
    yield _json("truncated JSON", "array", array[:-40], None, refusals=bad)
    yield _json("truncated JSON", "array_between_records", array[: array.rindex(b"{")].rstrip(b" \n,"), None, refusals=bad)
    yield _json("truncated JSON", "lines", lines[:-41], twin(deals()[:-1]), "jsonl", set_aside=1)
    yield _json(
        "truncated JSON", "lines_middle", lines.replace(b'"Devise"', b'"Devise', 1), twin(deals()[1:]), "jsonl", set_aside=1
    )
    yield _json("trailing commas", "array", array[:-2] + b",\n]", None, refusals=bad)
    yield _json("trailing commas", "object", array.replace(b'"\n }', b'",\n }', 1), None, refusals=bad)
    yield _json("trailing commas", "lines", lines.replace(b"}\n", b"},\n", 1), twin(deals()[1:]), "jsonl", set_aside=1)
    yield _json("not JSON", "comments", b"// export\n" + array, None, refusals=("*",))
    yield _json("not JSON", "single_quotes", array.replace(b'"', b"'"), None, refusals=("*",))
    yield _json("not JSON", "two_arrays", array + array, None, refusals=("*",))
    yield _json("not JSON", "text_after", array + b"\nfin", None, refusals=("*",))
    for suffix, content in (("json", array), ("jsonl", lines)):
        doubled = content.replace(b'"Devise": "EUR"', b'"Devise": "EUR", "Devise": "USD"', 1)
        yield _json(
            "duplicate JSON keys",
            "doubled",
            doubled,
            twin(deals()[1:]) if suffix == "jsonl" else None,
            suffix,
            set_aside=1,
            refusals=("duplicate_json_key",),
        )
    yield _json("not a record", "scalars", lines + b'12\n"x"\n', twin(deals()), "jsonl", set_aside=2)
    yield _json("not a record", "top_scalar", b"12", None, refusals=("*",))


def _bombs() -> Iterator[CorpusFile]:
    line = json.dumps(records(deals(1))[0])
    for suffix, wrap in (("json", "[%s]"), ("jsonl", line + "\n%s\n")):
        deep = wrap % line.replace('"Ventes B2B"', "[" * 100_000 + "]" * 100_000)
        yield _json(
            "deep JSON",
            "deep_list",
            deep.encode(),
            twin(deals(1)) if suffix == "jsonl" else None,
            suffix,
            set_aside=1,
            refusals=("too_deep",),
        )
    objects = line.replace('"Ventes B2B"', '{"a":' * 100_000 + "1" + "}" * 100_000)
    yield _json("deep JSON", "deep_object", f"[{objects}]".encode(), None, refusals=("too_deep",))
    yield _json("deep JSON", "only_brackets", b"[" * 100_000, None, refusals=("too_deep", "damaged_json"))
    keys = ", ".join(f'"k{number}": 1' for number in range(1_000_000))
    yield _json("10^6 keys", "keys", f"[{{{keys}}}]".encode(), None, refusals=("too_many_columns",))
    yield _json("10^6 keys", "keys", f"{line}\n{{{keys}}}\n".encode(), None, "jsonl", refusals=("too_many_columns",))
