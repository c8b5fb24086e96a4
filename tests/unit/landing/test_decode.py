import pytest

from orchestration.landing.decode import DecodeError, decode


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("é;1\n".encode(), "utf-8"),
        ("é;1\n".encode("utf-8-sig"), "utf-8-sig"),
        (b"\xff\xfe" + "é;1\n".encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + "é;1\n".encode("utf-16-be"), "utf-16-be"),
        ("é;1€\n".encode("cp1252"), "cp1252"),
    ],
)
def test_each_encoding_is_found_by_its_bytes(content, encoding):
    decoded = decode(content)
    assert decoded.encoding == encoding
    assert decoded.utf8.decode().startswith("é;1")


def test_a_nul_byte_is_refused_with_its_line():
    with pytest.raises(DecodeError, match="line 2"):
        decode(b"a;b\n1;\x002\n")
