"""Whether an e-mail address or a phone number can be right, judged offline and once for each distinct value.

Verdicts are a pure function of value, country and library versions, so they are kept beside the candidate, in a folder
that is the owner's alone, and only values never seen before are judged. Bounces are evidence, which dbt weighs.
"""

from importlib.metadata import version
from pathlib import Path

import duckdb
import email_validator
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.engine import arrow_table, register

# An address of plain letters, digits and single separators is right without asking the library, which takes 60 µs each.
_PLAIN_ADDRESS = r"^[a-z0-9_+]+([.-][a-z0-9_+]+)*@([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}$"
_PLAIN_LENGTH = 64
# Mailboxes of a function: they reach nobody in particular (English and French).
_ROLE_WORDS = (
    "abuse accueil admin administrateur administration adv achats billing bonjour booking commande commandes commercial compta "
    "comptabilite contact contacts direction enquiries event events facturation hello help helpdesk hostmaster hr info infos "
    "inquiries jobs mail marketing noreply no-reply nepasrepondre office orders postmaster press presse privacy purchasing "
    "recrutement rh root sales sav secretariat security service spam standard support team vente ventes webmaster"
)
ROLE_MAILBOXES = frozenset(_ROLE_WORDS.split())
# The regulator keeps it for fiction, as .example is kept for addresses; the library knows it as assigned to nobody.
_FICTION_RANGES = ("+3363998",)
# The relations of raw that int_crm_values takes addresses and numbers from, with the names of the two columns.
_CONTACT_COLUMNS = (
    ("canonical__lead", "email", "phone"),
    ("salesforce__lead", "email", "phone"),
    ("hubspot__contacts", "email", "phone"),
    ("hubspot_connector__contact", "property_email", None),
)
VERDICT_SCHEMA = pa.schema(
    [("kind", pa.string()), ("value", pa.string()), ("invalid_reason", pa.string()), ("normal_form", pa.string())]
)


def contact_values_sql(schema: str) -> str:
    """Every address and number in raw, written as the staging models write them: (kind, value)."""
    parts = []
    for relation, email, phone in _CONTACT_COLUMNS:
        parts.append(f"select 'email' as kind, nullif(lower(trim({email})), '') as value from {schema}.{relation}")
        if phone:
            parts.append(f"select 'phone', nullif(trim({phone}), '') from {schema}.{relation}")
    return " union all ".join(parts)


def judge_emails(values: pa.Array) -> pa.Table:
    """One verdict per address; an address counts as written in lower case without spaces around it."""
    plain = pc.and_(pc.match_substring_regex(values, _PLAIN_ADDRESS), pc.less_equal(pc.utf8_length(values), _PLAIN_LENGTH))
    reasons: list[str | None] = []
    for value, is_plain in zip(values.to_pylist(), plain.to_pylist(), strict=True):
        local, _, domain = value.partition("@")
        if not (is_plain and domain.rsplit(".", 1)[-1] not in email_validator.SPECIAL_USE_DOMAIN_NAMES):
            try:
                email_validator.validate_email(value, check_deliverability=False)
            except email_validator.EmailNotValidError:
                reasons.append("syntax")
                continue
        reasons.append("role_account" if local.partition("+")[0] in ROLE_MAILBOXES else None)
    return _verdicts("email", values, reasons, values)


def judge_phones(values: pa.Array, region: str) -> pa.Table:
    """One verdict per number with its form in E.164; a national number is one of the region's."""
    reasons, forms = [], []
    for value in values.to_pylist():
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException:
            reasons.append("no_number")
            forms.append(None)
            continue
        form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        is_valid = phonenumbers.is_valid_number(number)
        is_valid |= form.startswith(_FICTION_RANGES) and phonenumbers.is_possible_number(number)
        reasons.append(None if is_valid else "not_in_use")
        forms.append(form)
    return _verdicts("phone", values, reasons, pa.array(forms, pa.string()))


def refresh_verdicts(connection: duckdb.DuckDBPyConnection, values_sql: str, store: Path, region: str) -> Path:
    """Judge the values of `values_sql` (kind, value) that the store does not know, and give the store's present file.

    The store's name carries what a verdict depends on beside the value, so a newer library judges everything anew.
    """
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = store / f"{region}_{version('email-validator')}_{version('phonenumbers')}.parquet"
    known = path.exists()
    unseen = f"select distinct kind, value from ({values_sql}) where value is not null"
    if known:
        unseen += f" except select kind, value from read_parquet('{_escaped(path)}')"
    fresh = arrow_table(connection, f"select kind, value from ({unseen}) order by all")
    if known and not fresh.num_rows:
        return path
    emails, phones = (fresh.filter(pc.equal(fresh["kind"], kind))["value"].combine_chunks() for kind in ("email", "phone"))
    verdicts = pa.concat_tables([judge_emails(emails), judge_phones(phones, region)])
    unfinished = path.with_suffix(".tmp")
    register(connection, "fresh_verdicts", verdicts)
    rows = "select * from fresh_verdicts" + (f" union all select * from read_parquet('{_escaped(path)}')" if known else "")
    connection.execute(f"copy ({rows}) to '{_escaped(unfinished)}' (format parquet, compression zstd)")
    connection.unregister("fresh_verdicts")
    unfinished.replace(path)
    return path


def _verdicts(kind: str, values: pa.Array, reasons: list[str | None], forms: pa.Array) -> pa.Table:
    columns = [pa.array([kind] * len(values), pa.string()), values, pa.array(reasons, pa.string()), forms]
    return pa.Table.from_arrays([column.cast(pa.string()) for column in columns], schema=VERDICT_SCHEMA)


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
