import email_validator
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.engine import open_duckdb
from orchestration.quality import validity
from orchestration.quality.validity import judge_emails, judge_phones, refresh_verdicts


def reasons(table: pa.Table) -> list[str | None]:
    return table["invalid_reason"].to_pylist()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("jean.dupont@societe.fr", None),
        ("jean+salon@société.fr", None),
        ("o'neil@example.com", None),
        ("contact@societe.fr", "role_account"),
        ("info+fr@societe.fr", "role_account"),
        ("contactless@societe.fr", None),
        ("jean.dupont@societe", "syntax"),
        ("jean..dupont@societe.fr", "syntax"),
        ("jean dupont@societe.fr", "syntax"),
        ("jean.dupont@-societe.fr", "syntax"),
        ("jean@host.test", "syntax"),
        ("n/a", "syntax"),
    ],
)
def test_an_address_is_right_in_form_and_a_persons_own(address, reason):
    assert reasons(judge_emails(pa.array([address]))) == [reason]


@given(
    st.from_regex(r"[a-z0-9_+.-]{1,70}@([a-z0-9-]{1,12}\.){1,3}[a-z]{2,8}", fullmatch=True)
    | st.from_regex(validity._PLAIN_ADDRESS.strip("^$"), fullmatch=True)
)
def test_what_is_judged_without_the_library_is_judged_as_by_the_library(address):
    try:
        email_validator.validate_email(address, check_deliverability=False)
        right = True
    except email_validator.EmailNotValidError:
        right = False
    assert (reasons(judge_emails(pa.array([address]))) != ["syntax"]) == right


@pytest.mark.parametrize(
    ("number", "reason", "form"),
    [
        ("01 99 00 12 34", None, "+33199001234"),
        ("+33 1 99 00 12 34", None, "+33199001234"),
        ("0033199001234", None, "+33199001234"),
        ("06 39 98 12 34", None, "+33639981234"),
        ("+44 20 7946 0018", None, "+442079460018"),
        ("01 99 00 12", "not_in_use", "+3301990012"),
        ("00 00 00 00 00", "not_in_use", None),
        ("demander au standard", "no_number", None),
        ("12", "not_in_use", "+3312"),
    ],
)
def test_a_number_is_one_that_can_be_dialled(number, reason, form):
    verdict = judge_phones(pa.array([number]), "FR")
    assert reasons(verdict) == [reason]
    if form:
        assert verdict["normal_form"].to_pylist() == [form]


def test_a_national_number_is_one_of_the_settings_country():
    assert reasons(judge_phones(pa.array(["020 7946 0018"]), "GB")) == [None]
    assert reasons(judge_phones(pa.array(["020 7946 0018"]), "FR")) != [None]


def test_a_value_is_judged_once_and_the_store_is_the_owners_alone(tmp_path, monkeypatch):
    store = tmp_path / "verdicts"
    with open_duckdb() as connection:
        first = refresh_verdicts(connection, "select 'email' as kind, 'a@x.example' as value", store, "FR")
        judged = []
        monkeypatch.setattr(validity, "judge_emails", lambda values: judged.extend(values.to_pylist()) or judge_emails(values))
        both = "select 'email' as kind, unnest(['a@x.example', 'b', null]) as value union all select 'phone', '12'"
        assert refresh_verdicts(connection, both, store, "FR") == first
        assert judged == ["b"]
        kept = connection.execute(f"select kind, value, invalid_reason from read_parquet('{first}') order by all").fetchall()
        assert kept == [
            ("email", "a@x.example", None), ("email", "b", "syntax"), ("phone", "12", "not_in_use"),
        ]  # fmt: skip
    assert store.stat().st_mode & 0o077 == 0
