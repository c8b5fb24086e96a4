"""SQL macros through which an export sees one night: what was known by its end, and how it was written then.

Formats that two vendors share stand here; column lists belong to each vendor's module.
"""

import datetime as dt

import duckdb

from orchestration.demo import vocabulary
from orchestration.demo.clock import FIRST_DAY, SUMMER_TIME_SWITCHES, midnight

_PARIS_OFFSET = " + ".join(
    f"{'+' if number % 2 == 0 else '-'}3600 * (t >= {switch})::bigint"
    for number, switch in enumerate(SUMMER_TIME_SWITCHES.tolist())
)


def _sql_list(words: tuple[str, ...]) -> str:
    return "[" + ", ".join("'" + word.replace("'", "''") + "'" for word in words) + "]"


_MACROS = (
    # What the night knows. NEVER lies after every night, so that it needs no case of its own.
    "happened(t) as t < getvariable('until')",
    "known(t) as case when t < getvariable('until') then t end",
    "is_news(t) as t >= getvariable('since') and t < getvariable('until')",
    # Wall clock in Paris, and how times are written.
    f"paris(t) as make_timestamp((t + 3600 + {_PARIS_OFFSET}) * 1000000)",
    "paris_day(t) as strftime(paris(t), '%Y-%m-%d')",
    "french_time(t) as strftime(paris(t), '%d/%m/%Y %H:%M')",
    "utc_stamp(t) as strftime(make_timestamp(t * 1000000), '%Y-%m-%dT%H:%M:%S.000Z')",
    "day_text(n) as strftime(date '1970-01-01' + n::integer, '%Y-%m-%d')",
    "euros(cents) as (cents // 100)::varchar || '.' || lpad((cents % 100)::varchar, 2, '0')",
    # How a company's name, a web site and a mistyped domain are written.
    "company_style(style, name) as case style"
    " when 1 then name || ' SAS' when 2 then upper(strip_accents(name)) when 3 then 'Société ' || name"
    " when 4 then replace(name, ' ', '-') || ' S.A.R.L.' when 5 then lower(name) || ' sa' else name end",
    "website_style(style, domain) as case style"
    " when 1 then 'http://' || domain || '/' when 2 then upper('www.' || domain) when 3 then 'https://fr.' || domain"
    " when 4 then domain || '/accueil?lang=fr' else 'https://www.' || domain end",
    "typo(domain) as domain[1] || domain[3] || domain[2] || domain[4:]",
    # The value of a field after its n-th change. The e-mail's spellings are unique as long as names have letters only;
    # a shared mailbox has no surname.
    "changes(first, second, third) as"
    " (first < getvariable('until'))::int + (second < getvariable('until'))::int + (third < getvariable('until'))::int",
    "email_value(name, surname, domain, n) as"
    " name || case when surname = '' then ['', '-fr', '-france'][n + 1] else ['.', '-', '_'][n + 1] || surname end"
    " || '@' || domain",
    "phone_digits(area, number, n) as"
    " area || ' ' || lpad(((number + 3791 * n) % 10000 // 100)::varchar, 2, '0')"
    " || ' ' || lpad(((number + 3791 * n) % 100)::varchar, 2, '0')",
    "phone_value(style, area, number, n) as case style"
    " when 0 then '0' || phone_digits(area, number, n)"
    " when 1 then '+33 ' || phone_digits(area, number, n)"
    " else '0' || replace(phone_digits(area, number, n), ' ', '') end",
    # Half of it left out: too few digits for any country.
    "typed_phone(is_bad, phone) as case when is_bad then phone[:3] || phone[-4:] else phone end",
    f"title_value(code, n) as {_sql_list(vocabulary.JOB_TITLES)}[(code + 7 * n) % {len(vocabulary.JOB_TITLES)} + 1]",
    f"industry_value(code, n) as {_sql_list(tuple(english for english, _ in vocabulary.INDUSTRIES))}"
    f"[(code + 5 * n) % {len(vocabulary.INDUSTRIES)} + 1]",
    "company_value(name, n) as case n"
    " when 0 then name when 1 then name || ' SAS' when 2 then upper(name) else name || ' France' end",
)


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros; they need `set_night` before their first use."""
    for macro in _MACROS:
        connection.execute(f"create macro {macro}")


def set_night(connection: duckdb.DuckDBPyConnection, night: dt.date, is_first: bool) -> None:
    """Choose the night that the macros see; `since` bounds a delta from below, the first delta holds everything."""
    connection.execute(f"set variable until = {midnight(night + dt.timedelta(days=1))}::bigint")
    connection.execute(f"set variable since = {0 if is_first else midnight(night)}::bigint")
    first_ad_day = FIRST_DAY if is_first else max(FIRST_DAY, night - dt.timedelta(days=6))
    connection.execute(f"set variable ad_since = date '{first_ad_day}'")
    connection.execute(f"set variable night = date '{night}'")
