-- One row per user of any source: role and team, no name.
select
    {{ surrogate_key(["'user'", "'salesforce'", "user_id"]) }} as user_key,
    'salesforce' as source_system, user_id as source_id, role, team, is_human, is_active, created_at, extracted_at
from {{ ref('stg_salesforce__user') }}
union all
select
    {{ surrogate_key(["'user'", "'maven'", "sales_agent"]) }}, 'maven', sales_agent, 'sales agent', team, true, true,
    null, extracted_at
from {{ ref('stg_maven__sales_teams') }}
union all
select
    {{ surrogate_key(["'user'", "'hubspot_connector'", "owner_id"]) }}, 'hubspot_connector', owner_id,
    lower(owner_type), null, upper(owner_type) = 'PERSON', true, created_at, extracted_at
from {{ ref('stg_hubspot_connector__owner') }}
union all
select
    {{ surrogate_key(["'user'", "source_system", "user_id"]) }}, source_system, user_id, role, team, true, is_active,
    created_at, extracted_at
from {{ ref('stg_canonical__user') }}
