"""HubSpot as its French user interface exports it: semicolons, byte-order mark, CRLF, Paris time, no seconds.

Always whole tables. HubSpot keeps what the form said; only the e-mail follows Salesforce, being the link.
"""

import codecs
import datetime as dt
from pathlib import Path

import duckdb

from orchestration.demo.csv_files import copy_csv

# In the list of merged contacts each stands with its time in milliseconds.
_MERGED = """
    select hubspot_id, string_agg(merged_id || ':' || merged_at * 1000, ';' order by merged_at, merged_id) as merged_ids,
        max(merged_at) as last_merged_at
    from contact_merge where happened(merged_at) group by hubspot_id
"""

_MODIFIED_AT = """greatest(
    created_at, last_merged_at,
    case when not is_duplicate then known(mql_at) end, case when not is_duplicate then known(sal_at) end,
    case when not is_duplicate then known(sql_at) end, case when not is_duplicate then known(sqo_at) end,
    case when not is_duplicate then known(won_at) end,
    known(email_1_at), known(email_2_at), known(email_3_at)
)"""

_CONTACTS = f"""
with merged as ({_MERGED}),

visible as (
    select
        *,
        email_value(
            mail_first, mail_last, mail_domain,
            case when follows_changes then changes(email_1_at, email_2_at, email_3_at) else 0 end
        ) as email,
        {_MODIFIED_AT} as modified_at
    from contact left join merged using (hubspot_id)
    where happened(created_at) and not happened(merged_at)
)
select
    hubspot_id as "ID d'enregistrement",
    first_name as "Prénom",
    last_name as "Nom",
    case mail_style
        when 0 then email
        when 1 then upper(email[1]) || email[2:len(mail_first) + 1] || upper(email[len(mail_first) + 2])
            || email[len(mail_first) + 3:]
        else upper(email)
    end || case when has_trailing_space then ' ' else '' end as "E-mail",
    case when has_phone then phone_value(phone_style, phone_range, phone_number, 0) end as "Numéro de téléphone",
    case when has_title then title_value(title_no, 0) end as "Intitulé du poste",
    company_name as "Nom de l'entreprise",
    case when is_associated then hubspot_company_id end as "ID de l'entreprise associée",
    channel as "Source d'origine",
    case
        when is_duplicate then 'Lead'
        when happened(won_at) then 'Client'
        when happened(sqo_at) then 'Opportunité'
        when happened(sql_at) then 'Lead qualifié commercial'
        when happened(mql_at) then 'Lead qualifié marketing'
        else 'Lead'
    end as "Étape du cycle de vie",
    french_time(created_at) as "Date de création",
    case when not is_duplicate then french_time(known(mql_at)) end as "Date de passage en lead qualifié marketing",
    french_time(modified_at) as "Date de dernière modification",
    merged_ids as "ID des contacts fusionnés"
from visible order by hubspot_id
"""

_COMPANIES = """
select
    hubspot_id as "ID d'enregistrement",
    name as "Nom de l'entreprise",
    domain as "Nom de domaine de l'entreprise",
    industry_french as "Secteur d'activité",
    employees as "Nombre d'employés",
    town as "Ville",
    'France' as "Pays/Région",
    french_time(created_at) as "Date de création"
from company where happened(created_at)
"""

# Thousands are parted by a no-break space, by HubSpot's version wide (U+00A0) or narrow (U+202F).
_FRENCH_MONEY = """replace(format('{:,}', cents // 100), ',', chr(case when deal_id % 2 = 0 then 160 else 8239 end))
    || ',' || lpad((cents % 100)::varchar, 2, '0')"""

_DEALS = f"""
with visible as (
    select
        deal_id, name, 'Ventes' as pipeline, opportunity_id, hubspot_company_id, owner_name,
        sqo_at as created_at, proposal_at, closed_at, is_won,
        case when happened(negotiation_at) then agreed_cents else first_cents end as cents,
        case when happened(postponed_at) then postponed_day else expected_day end as expected_day
    from opportunity where happened(sqo_at)
    union all
    select
        deal_id, name, 'Partenaires', null, hubspot_company_id, owner_name,
        created_at, proposal_at, closed_at, is_won, cents, expected_day
    from native_deal where happened(created_at)
)
select
    deal_id as "ID d'enregistrement",
    name as "Nom de la transaction",
    pipeline as "Pipeline",
    case
        when happened(closed_at) and is_won then 'Gagnée'
        when happened(closed_at) then 'Perdue'
        when happened(proposal_at) then 'Proposition'
        else 'Qualification'
    end as "Phase de la transaction",
    {_FRENCH_MONEY} as "Montant",
    'EUR' as "Devise",
    french_time(created_at) as "Date de création",
    case
        when happened(closed_at) then french_time(closed_at)
        else strftime(date '1970-01-01' + expected_day::integer, '%d/%m/%Y 18:00')
    end as "Date de fermeture",
    hubspot_company_id as "ID de l'entreprise associée",
    opportunity_id as "ID de l'opportunité Salesforce",
    owner_name as "Propriétaire de la transaction"
from visible order by deal_id
"""

_EXPORTS = {"contacts": _CONTACTS, "entreprises": _COMPANIES, "transactions": _DEALS}


def write_hubspot(connection: duckdb.DuckDBPyConnection, folder: Path, night: dt.date) -> None:
    """Write the three exports of one night."""
    for name, query in _EXPORTS.items():
        target = folder / f"hubspot-crm-exports-{name}-{night}.csv"
        copy_csv(connection, query, target, "delimiter ';'")
        # DuckDB ends lines with LF and writes no mark; no value holds a line break, so every LF is an end of line.
        target.write_bytes(codecs.BOM_UTF8 + target.read_bytes().replace(b"\n", b"\r\n"))
