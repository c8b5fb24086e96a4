"""Archives give their members under numbers, never under names of their own choice, and never more than their caps."""

import io
import zipfile

import pytest

from orchestration.landing import archives
from orchestration.landing.refused import RefusedError


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture
def opened(tmp_path):
    def open_bytes(content: bytes):
        (tmp_path / "a.zip").write_bytes(content)
        folder = tmp_path / "members"
        folder.mkdir()
        return archives.open_archive(tmp_path / "a.zip", "a.zip", folder)

    return open_bytes


@pytest.mark.parametrize("name", ["../x.csv", "..\\x.csv", "/etc/x.csv", "a/../../x.csv", "../.x.csv"])
def test_a_member_that_points_outside_refuses_the_archive(name, opened, tmp_path):
    with pytest.raises(RefusedError) as refusal:
        opened(zipped({"good.csv": b"a\n1\n", name: b"evil"}))
    assert refusal.value.code == "unsafe_member_name"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"evil"]


@pytest.mark.parametrize(
    "name", ["'; drop table x; --.csv", "{{ 7*7 }}.csv", "a\nb.csv", "-rf.csv", "x" * 300 + ".csv", "con.csv"]
)
def test_a_hostile_member_name_is_only_a_name(name, opened, tmp_path):
    members = opened(zipped({name: b"a\n1\n"}))
    assert [member.path.name for member in members] == ["member-0"]
    assert members[0].path.read_bytes() == b"a\n1\n"


def test_what_operating_systems_add_is_no_member(opened):
    members = opened(zipped({"a.csv": b"1", "__MACOSX/._a.csv": b"2", ".DS_Store": b"3", "sub/Thumbs.db": b"4"}))
    assert [member.name for member in members] == ["a.csv"]


def test_a_member_stops_being_unpacked_at_its_cap(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS_BYTES", 1 << 20)
    with pytest.raises(RefusedError) as refusal:
        opened(zipped({"a.csv": bytes(64 << 20)}))
    assert refusal.value.code == "archive_too_large"
    assert sum(path.stat().st_size for path in (tmp_path / "members").iterdir()) <= 14 << 20


def test_an_archive_without_a_file_is_refused(opened):
    with pytest.raises(RefusedError) as refusal:
        opened(zipped({"folder/": b""}))
    assert refusal.value.code == "empty_archive"


def test_a_zip_of_a_version_that_nobody_reads_is_a_damaged_archive(opened):
    content = bytearray(zipped({"a.csv": b"1"}))
    # The version needed to read it, in the central directory.
    content[content.rindex(b"PK\x01\x02") + 6] = 169
    with pytest.raises(RefusedError) as refusal:
        opened(bytes(content))
    assert refusal.value.code == "damaged_archive"
