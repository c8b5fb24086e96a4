from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.landing.decode import DecodeError, decode

FRENCH = "société;contact;coût\nL'Œuf d'été;Élodie Lefèvre;12,50 €\n"


def decoded(content: bytes, tmp_path: Path) -> tuple[str, str]:
    source = tmp_path / "source.csv"
    source.write_bytes(content)
    result = decode(source, tmp_path / "text.csv")
    return result.encoding, result.path.read_bytes().decode()


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (FRENCH.encode(), "utf-8"),
        (FRENCH.encode("utf-8-sig"), "utf-8-sig"),
        (b"\xff\xfe" + FRENCH.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + FRENCH.encode("utf-16-be"), "utf-16-be"),
        (FRENCH.encode("utf-16-le"), "utf-16-le"),
        (FRENCH.encode("utf-16-be"), "utf-16-be"),
        (FRENCH.encode("cp1252"), "cp1252"),
        (FRENCH.encode("iso8859-15"), "iso8859-15"),
    ],
)
def test_each_encoding_is_found_by_its_bytes(content, encoding, tmp_path):
    assert decoded(content, tmp_path) == (encoding, FRENCH)


def test_accidental_utf8_pairs_do_not_make_a_cp1252_file_mixed(tmp_path):
    text = "titre;société\n«\u00a0CAFÉ»;PRIVÉ\u00a0: été\n"
    assert decoded(text.encode("cp1252"), tmp_path) == ("cp1252", text)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"a;b\n1;\x002\n", "nul_bytes", "line 2"),
        ("é;1\n".encode() + "à;2\n".encode("cp1252"), "mixed_encodings", "line 2"),
        ("à;2\n".encode("cp1252") + b"x;1\n" + "é;1\n".encode(), "mixed_encodings", "line 1"),
        ("zażółć gęślą jaźń;1\n".encode() + b"x;\xe9\n", "mixed_encodings", "line 2"),
        ("\ufeffé;1\n".encode() + "à;2\n".encode("cp1252"), "unknown_encoding", "line 2"),
        ("é;1\nété".encode()[:-1], "cut_off_text", "line 2"),
        (b"\xff\xfe" + "é;1\nab".encode("utf-16-le")[:-1], "cut_off_text", "line 2"),
        (b"caf\xe9;\x81\n", "unknown_encoding", "line 1"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(content, code, line, tmp_path):
    with pytest.raises(DecodeError, match=line) as refused:
        decoded(content, tmp_path)
    assert refused.value.code == code


def test_utf8_made_from_cp1252_by_mistake_gets_its_dashes_and_quotes_back(tmp_path):
    encoding, text = decoded("7 – 8; ‘a’; 5 €".encode("cp1252").decode("iso8859-1").encode(), tmp_path)
    assert text == "7 – 8; ‘a’; 5 €"
    assert encoding == "utf-8 with cp1252 controls"


# Control characters of the upper half are no text: they are the sign of cp1252 (see above).
NO_CONTROLS = "\0" + "".join(map(chr, range(0x80, 0xA0)))


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters=NO_CONTROLS, exclude_categories=("Cs",)), max_size=200))
def test_any_utf8_text_comes_back_as_it_was(tmp_path_factory, text):
    content = ("a;é\n" + text).encode()
    assert decoded(content, tmp_path_factory.mktemp("text"))[1].encode() == content


@pytest.mark.parametrize("first", [b"", b"\xef\xbb\xbf"])
def test_a_mark_at_the_beginning_of_a_later_line_is_no_text_and_one_within_a_line_is(first, tmp_path):
    again = b"\xef\xbb\xbf" + FRENCH.encode()
    assert decoded(first + FRENCH.encode() + again, tmp_path)[1] == FRENCH * 2
    within = "a;\ufeffb\n".encode()
    assert decoded(within, tmp_path)[1].encode() == within


def test_polish_in_cp1250_is_refused_by_its_line_and_not_read_as_signs(tmp_path):
    with pytest.raises(DecodeError, match="line 2") as refusal:
        decoded("nazwa;miasto\nŻółw;Łódź\n".encode("cp1250"), tmp_path)
    assert refusal.value.code == "unknown_encoding"
