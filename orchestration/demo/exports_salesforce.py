"""Salesforce as Data Loader exports it: comma, every value quoted, API names, UTC timestamps.

Column lists only; all objects are deltas except the users.
"""

import datetime as dt
from pathlib import Path

import duckdb

from orchestration.demo.csv_files import copy_csv

_LAST_TOUCH = """greatest(
    synced_at, known(sal_at), known(sql_at), known(sqo_at), known(exit_at), known(touched_at), known(bounced_at),
    {changes}
)""".format(
    changes=", ".join(
        f"known({field}_{number}_at)" for field in ("email", "phone", "title", "industry", "company") for number in (1, 2, 3)
    )
)

_LEAD = f"""
with visible as (
    select *, {_LAST_TOUCH} as modified_at from salesforce_lead where happened(synced_at)
)
select
    lead_id as "Id",
    first_name as "FirstName",
    last_name as "LastName",
    email_value(mail_first, mail_last, mail_domain, changes(email_1_at, email_2_at, email_3_at)) as "Email",
    utc_stamp(known(bounced_at)) as "EmailBouncedDate",
    case when has_phone
        then typed_phone(
            has_bad_phone, phone_value(phone_style, phone_range, phone_number, changes(phone_1_at, phone_2_at, phone_3_at))
        )
    end as "Phone",
    case when has_title then title_value(title_no, changes(title_1_at, title_2_at, title_3_at)) end as "Title",
    company_value(company_name, changes(company_1_at, company_2_at, company_3_at)) as "Company",
    case when has_industry
        then industry_value(industry_no, changes(industry_1_at, industry_2_at, industry_3_at))
    end as "Industry",
    salesforce_source as "LeadSource",
    case
        when happened(sqo_at) then 'Converted'
        when happened(exit_at) and exit_status <> 'deleted' then exit_status
        when happened(sql_at) then 'Qualified'
        when happened(sal_at) then 'Accepted'
        else 'New'
    end as "Status",
    case when happened(exit_at) then nullif(exit_reason, '') end as "Rejection_Reason__c",
    owner_id as "OwnerId",
    utc_stamp(synced_at) as "CreatedDate",
    utc_stamp(modified_at) as "LastModifiedDate",
    happened(sqo_at)::varchar as "IsConverted",
    paris_day(known(sqo_at)) as "ConvertedDate",
    case when happened(sqo_at) then account_id end as "ConvertedAccountId",
    case when happened(sqo_at) then contact_id end as "ConvertedContactId",
    case when happened(sqo_at) then opportunity_id end as "ConvertedOpportunityId",
    happened(deleted_at)::varchar as "IsDeleted"
from visible where is_news(modified_at)
"""

_ACCOUNT = """
select
    account_id as "Id",
    name as "Name",
    website as "Website",
    parent_id as "ParentId",
    industry as "Industry",
    employees::varchar as "NumberOfEmployees",
    town as "BillingCity",
    'France' as "BillingCountry",
    utc_stamp(created_at) as "CreatedDate",
    utc_stamp(created_at) as "LastModifiedDate",
    'false' as "IsDeleted"
from account where is_news(created_at)
"""

_OPPORTUNITY = """
with visible as (
    select
        *,
        greatest(sqo_at, known(proposal_at), known(negotiation_at), known(postponed_at), known(closed_at)) as modified_at
    from opportunity where happened(sqo_at)
)
select
    opportunity_id as "Id",
    name as "Name",
    account_id as "AccountId",
    case
        when happened(closed_at) and is_won then 'Closed Won'
        when happened(closed_at) then 'Closed Lost'
        when happened(negotiation_at) then 'Negotiation'
        when happened(proposal_at) then 'Proposal'
        else 'Qualification'
    end as "StageName",
    euros(case when happened(negotiation_at) then agreed_cents else first_cents end) as "Amount",
    'EUR' as "CurrencyIsoCode",
    case
        when happened(closed_at) then paris_day(closed_at)
        else day_text(case when happened(postponed_at) then postponed_day else expected_day end)
    end as "CloseDate",
    utc_stamp(sqo_at) as "CreatedDate",
    utc_stamp(modified_at) as "LastModifiedDate",
    owner_id as "OwnerId",
    salesforce_source as "LeadSource",
    case when is_first_of_account then 'New Business' else 'Existing Business' end as "Type",
    happened(closed_at)::varchar as "IsClosed",
    (happened(closed_at) and is_won)::varchar as "IsWon",
    'false' as "IsDeleted"
from visible where is_news(modified_at)
"""

_OPPORTUNITY_HISTORY = """
select
    history_id as "Id",
    opportunity_id as "OpportunityId",
    stage as "StageName",
    euros(cents) as "Amount",
    day_text(close_day) as "CloseDate",
    probability::varchar as "Probability",
    forecast as "ForecastCategory",
    author_id as "CreatedById",
    utc_stamp(changed_at) as "CreatedDate",
    'false' as "IsDeleted"
from opportunity_history where is_news(changed_at)
"""


def _field_value(change: str) -> str:
    return f"""case field
        when 'Email' then email_value(mail_first, mail_last, mail_domain, {change})
        when 'Phone' then typed_phone(has_bad_phone, phone_value(phone_style, phone_range, phone_number, {change}))
        when 'Title' then title_value(title_no, {change})
        when 'Industry' then industry_value(industry_no, {change})
        when 'Company' then company_value(company_name, {change})
    end"""


_LEAD_HISTORY = f"""
select
    history_id as "Id",
    lead_id as "LeadId",
    field as "Field",
    coalesce(old_status, {_field_value("step - 1")}) as "OldValue",
    coalesce(new_status, {_field_value("step")}) as "NewValue",
    author_id as "CreatedById",
    utc_stamp(changed_at) as "CreatedDate",
    'false' as "IsDeleted"
from lead_history where is_news(changed_at)
"""

_TASK = """
select
    task_id as "Id",
    who_id as "WhoId",
    what_id as "WhatId",
    subject as "Subject",
    ['Call', 'Email', 'Meeting'][kind + 1] as "Type",
    ['Call', 'Email', 'Task'][kind + 1] as "TaskSubtype",
    case when happened(done_at) then 'Completed' else 'Not Started' end as "Status",
    paris_day(done_at) as "ActivityDate",
    case when call_seconds >= 0 then call_seconds::varchar end as "CallDurationInSeconds",
    disposition as "CallDisposition",
    owner_id as "OwnerId",
    utc_stamp(created_at) as "CreatedDate",
    utc_stamp(coalesce(known(done_at), created_at)) as "LastModifiedDate",
    'false' as "IsDeleted"
from task where happened(created_at) and is_news(coalesce(known(done_at), created_at))
"""

_USER = """
select
    user_id as "Id",
    username as "Username",
    name as "Name",
    username as "Email",
    role as "UserRole.Name",
    department as "Department",
    is_active::varchar as "IsActive",
    user_type as "UserType",
    utc_stamp(created_at) as "CreatedDate"
from salesforce_user where happened(created_at)
"""

_OBJECTS = {
    "Lead": _LEAD,
    "Account": _ACCOUNT,
    "Opportunity": _OPPORTUNITY,
    "OpportunityHistory": _OPPORTUNITY_HISTORY,
    "LeadHistory": _LEAD_HISTORY,
    "Task": _TASK,
    "User": _USER,
}


def write_salesforce(connection: duckdb.DuckDBPyConnection, folder: Path, night: dt.date) -> None:
    """Write the seven objects of one night."""
    for name, query in _OBJECTS.items():
        # Data Loader writes a missing value as "" like any other; DuckDB quotes no nulls.
        filled = f"select coalesce(columns(*), '') from ({query})"
        target = folder / f"salesforce_{name}_{night}.csv"
        copy_csv(connection, filled, target, "force_quote *")
