"""Encodings, line ends, quotes and cut-off ends of text files."""

from collections.abc import Iterator

from tests.corpus.model import CorpusFile, csv_bytes, csv_text, deals, json_array, json_lines, latin_deals, records, table, twin


def files() -> Iterator[CorpusFile]:
    """All files of these families."""
    yield from _encodings()
    yield from _lines()
    yield from _quotes()
    yield from _ends()


def _csv(family: str, label: str, content: bytes | str, rows: object, **owed: object) -> CorpusFile:
    return CorpusFile(family, label, "csv", content if isinstance(content, bytes) else content.encode(), rows, **owed)


def _encodings() -> Iterator[CorpusFile]:
    rows, clean = deals(), twin(deals())
    text = csv_text(table(rows))
    document = json_array(records(rows)).decode()
    lines = json_lines(records(rows)).decode()
    yield _csv("utf-8", "plain", text, clean)
    yield _csv("utf-8", "plain_en", csv_bytes(rows, "en", delimiter=","), clean)
    for suffix, content in (("csv", text), ("json", document), ("jsonl", lines)):
        yield CorpusFile("byte-order mark", "bom", suffix, b"\xef\xbb\xbf" + content.encode(), clean)
        yield CorpusFile("utf-16", "utf16le_mark", suffix, b"\xff\xfe" + content.encode("utf-16-le"), clean)
        yield CorpusFile("utf-16", "utf16be_mark", suffix, b"\xfe\xff" + content.encode("utf-16-be"), clean)
        yield CorpusFile("utf-16 without mark", "utf16le", suffix, content.encode("utf-16-le"), clean)
        yield CorpusFile("utf-16 without mark", "utf16be", suffix, content.encode("utf-16-be"), clean)
        broken = content.encode().replace("é".encode(), b"\xe9", 1)
        yield CorpusFile("mixed encodings", "mixed", suffix, broken, None, refusals=("mixed_encodings",))
        nul = content.replace("Ventes", "Ve\0tes", 1).encode()
        yield CorpusFile("NUL", "nul", suffix, nul, None, refusals=("nul_bytes", "damaged_json"))
    euro = [[*row[:4], row[4] + " €" if i else row[4], *row[5:]] for i, row in enumerate(table(latin_deals()))]
    for label, codec in (("cp1252", "cp1252"), ("latin9", "iso8859-15")):
        family = "cp1252 with euro" if codec == "cp1252" else "iso-8859-15"
        yield _csv(family, label, csv_text(euro).encode(codec), twin(latin_deals()))
        yield _csv(family, label + "_crlf", csv_text(euro, newline="\r\n").encode(codec), twin(latin_deals()))
        document = json_array(records(latin_deals())).decode().encode(codec)
        yield CorpusFile(family, label, "json", document, twin(latin_deals()))
    cut = csv_text(table(rows)).rstrip("\n").encode() + "é".encode()[:1]
    yield _csv("cut-off character", "half_character", cut, None, refusals=("cut_off_text",))
    lone = b"\xff\xfe" + text.encode("utf-16-le") + b"\x00\xd8"
    yield _csv("cut-off character", "half_pair", lone, None, refusals=("cut_off_text", "unknown_encoding"))


def _lines() -> Iterator[CorpusFile]:
    rows, clean = deals(), twin(deals())
    cells = table(rows)
    yield _csv("line ends", "crlf", csv_text(cells, newline="\r\n"), clean)
    yield _csv("line ends", "no_last_line_end", csv_text(cells).removesuffix("\n"), clean)
    yield _csv("line ends", "blank_lines", csv_text(cells).replace("\n", "\n\n"), clean)
    yield _csv("line ends", "blank_lines_at_end", csv_text(cells) + "\n\n\r\n", clean)
    yield _csv("CR only", "cr_only", csv_text(cells, newline="\r"), clean)
    yield _csv("CR only", "cr_only_quoted", csv_text(cells, newline="\r", quote_all=True), clean)
    header, *body = csv_text(cells).splitlines()
    mixed = header + "\r\n" + "".join(line + ("\n" if i % 2 else "\r\n") for i, line in enumerate(body))
    yield _csv("mixed line ends", "mixed_crlf_lf", mixed, clean)
    yield _csv(
        "mixed line ends",
        "mixed_late_crlf",
        header + "\n" + "\n".join(body[:-2]) + "\n" + "\r\n".join(body[-2:]) + "\r\n",
        clean,
    )
    for delimiter, label in ((",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe")):
        yield _csv("delimiters", label, csv_text(cells, delimiter), clean)
        yield _csv("delimiters", label + "_all_quoted", csv_text(cells, delimiter, quote_all=True), clean)
    yield _csv("sep= line", "sep", "sep=;\n" + csv_text(cells), clean)
    yield _csv("sep= line", "sep_crlf", "sep=;\r\n" + csv_text(cells, newline="\r\n"), clean)
    yield _csv("sep= line", "sep_quoted", '"sep=;"\n' + csv_text(cells), clean)
    yield _csv("sep= line", "sep_bom", b"\xef\xbb\xbfsep=;\n" + csv_text(cells).encode(), clean)


def _quotes() -> Iterator[CorpusFile]:
    rows = deals()
    rows[2]["deal_name"] = "deux\nlignes"
    rows[5]["deal_name"] = "une ; deux\n\nquatre"
    yield _csv("embedded line end", "embedded", csv_text(table(rows)), twin(rows))
    yield _csv("embedded line end", "embedded_all_quoted", csv_text(table(rows), quote_all=True), twin(rows))
    rows[2]["deal_name"] = "deux\r\nlignes"
    yield _csv("embedded line end", "embedded_crlf", csv_text(table(rows), newline="\r\n"), twin(rows))
    rows = deals()
    bare = csv_text(table(rows)).replace('"Dit ""le Grand"""', 'Dit "le Grand"')
    yield _csv("unescaped quotes", "quotes_in_bare_cell", bare, twin(rows), set_aside=1, refusals=("*",))
    inner = csv_text(table(rows)).replace('"Dit ""le Grand"""', '"Dit "le Grand" SA"')
    rows[3]["deal_name"] = 'Dit "le Grand" SA'
    yield _csv("unescaped quotes", "quotes_in_quoted_cell", inner, twin(rows), set_aside=1, refusals=("*",))
    inch = deals()
    inch[1]["deal_name"] = 'écran 27"'
    yield _csv(
        "unescaped quotes",
        "inch_sign",
        csv_text(table(inch)).replace('"écran 27"""', 'écran 27"'),
        twin(inch),
        set_aside=1,
        refusals=("*",),
    )
    open_quote = csv_text(table(deals())).replace("Ça va ?", '"Ça va ?')
    yield _csv("unclosed quote", "unclosed", open_quote, twin(deals()), set_aside=8, refusals=("*",))
    backslash = csv_text(table(deals())).replace('"Dit ""le Grand"""', '"Dit \\"le Grand\\""')
    yield _csv("backslash escapes", "backslash", backslash, twin(deals()), set_aside=1, refusals=("*",))
    for label, mark in (("single_quoted", "'"),):
        quoted = csv_text(table(deals(3))).replace('"', mark)
        yield _csv("backslash escapes", label, quoted, twin(deals(2)), set_aside=1, refusals=("*",))


def _ends() -> Iterator[CorpusFile]:
    rows = deals()
    lines = csv_text(table(rows)).splitlines(keepends=True)
    cut = "".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2]
    yield _csv("cut-off tail", "cut_in_row", cut, twin(rows[:-1]), set_aside=1)
    whole = csv_text(table(rows), quote_all=True)
    yield _csv("cut-off tail", "cut_in_quoted_cell", whole[:-4], twin(rows[:-1]), set_aside=1, refusals=("*",))
    # "Équipe 1" cut to "Équip": a cell like any other, which no reader can tell from a whole one.
    yield _csv(
        "cut-off tail",
        "cut_in_last_cell",
        csv_text(table(rows))[:-4],
        twin(rows[:-1]),
        set_aside=1,
        refusals=("*",),
        unprovable=(twin(rows)[-1] | {"owner": str(rows[-1]["owner"])[:-3]},),
        noticed=("last_line_unfinished",),
    )
    more = csv_text([*table(rows)[:4], [*table(rows)[4], "de trop"], *table(rows)[5:]])
    yield _csv("ragged", "more_cells", more, twin(rows[:3] + rows[4:]), set_aside=1)
    less = csv_text([*table(rows)[:4], table(rows)[4][:-3], *table(rows)[5:]])
    yield _csv("ragged", "less_cells", less, twin(rows[:3] + rows[4:]), set_aside=1)
    both = csv_text([*table(rows)[:2], table(rows)[2][:1], *table(rows)[3:7], [*table(rows)[7], "", "x"], *table(rows)[8:]])
    yield _csv("ragged", "more_and_less", both, twin([rows[0], *rows[2:6], rows[7]]), set_aside=2)
    trailing = csv_text([[*row, ""] for row in table(rows)])
    yield _csv("ragged", "trailing_delimiter", trailing, twin(rows))
    trailing_rows = csv_text([table(rows)[0], *([*row, ""] for row in table(rows)[1:])])
    yield _csv("ragged", "trailing_delimiter_in_rows", trailing_rows, twin(rows), set_aside=8, refusals=("*",))
    for size, label in ((3_000_000, "3mb"), (10_000_000, "10mb")):
        large = deals()
        large[3]["deal_name"] = "x" * size
        yield _csv(
            "10 MB cell",
            f"cell_{label}",
            csv_bytes(large),
            twin(large),
            set_aside=1,
            refusals=("too_large", "long_line", "record_count", "line_too_long"),
        )
    yield _csv("empty", "empty", b"", None, refusals=("empty_file",))
    yield _csv("empty", "blanks", b" \n\r\n\t\n", None, refusals=("empty_file",))
    yield _csv("empty", "mark_only", b"\xef\xbb\xbf", None, refusals=("empty_file",))
    yield _csv("header only", "header_only", csv_bytes([]), (), refusals=("no_rows",))
    yield _csv("header only", "header_only_no_line_end", csv_bytes([]).strip(), (), refusals=("no_rows",))
