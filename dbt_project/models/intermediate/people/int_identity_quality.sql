-- One row per identity mart and source of person records: by which evidence its records are linked, how many have rivals,
-- and what a reviewer's labels say of the links.
with strongest_links as (
    select record_rank, match_method
    from (
        select
            record_rank, match_method,
            row_number() over (partition by record_rank order by confidence desc, match_method) as strength
        from {{ ref('int_person_links') }}
    ) as ranked
    where strength = 1
),

evidence as (
    select
        'dim_person' as mart_name,
        records.source_system,
        case
            when links.match_method = 'reviewer' then 'reviewer'
            when links.match_method like 'vendor%' then 'vendor'
            when links.match_method like '%email%' or links.match_method like '%mailbox%' then 'address'
            when links.match_method is not null then 'details'
        end as evidence_class,
        conflicts.record_rank is not null as has_conflict
    from {{ ref('int_person_identifiers') }} as records
    left join strongest_links as links on records.record_rank = links.record_rank
    left join (select distinct record_rank from {{ ref('int_person_conflicts') }}) as conflicts
        on records.record_rank = conflicts.record_rank
    where not records.is_gone
    union all
    select
        'dim_account',
        source_system,
        case
            when match_method = 'record_link' then 'vendor'
            when match_method like 'email_domain%' then 'address'
            when match_method is not null then 'details'
        end,
        has_conflict
    from {{ ref('int_person_accounts') }}
),

person_keys as (
    select source_system, source_id, person_key as found_key
    from {{ ref('int_person_crosswalk') }} where valid_to is null
),

account_keys as (
    select source_system, source_id, account_key as found_key from {{ ref('int_accounts_identified') }}
),

keys_of_labels as (
    select 'person' as entity, 'one' as side, source_system, source_id, found_key from person_keys
    union all
    select 'person', 'other', source_system, source_id, found_key from person_keys
    union all
    select 'account', 'one', source_system, source_id, found_key from account_keys
    union all
    select 'account', 'other', source_system, source_id, found_key from account_keys
    union all
    select 'lead_account', 'one', people.source_system, people.source_id, accounts.account_key
    from {{ ref('int_people_unioned') }} as people
    inner join {{ ref('int_person_accounts') }} as accounts on people.record_key = accounts.record_key
    union all
    select 'lead_account', 'other', source_system, source_id, found_key from account_keys
),

judged as (
    select
        case when labels.entity = 'person' then 'dim_person' else 'dim_account' end as mart_name,
        labels.source_system,
        labels.other_source_system,
        labels.verdict = 'same' as is_same,
        coalesce(one.found_key = other.found_key, false) as is_linked
    from {{ ref('identity_labels') }} as labels
    inner join keys_of_labels as one
        on labels.entity = one.entity and one.side = 'one'
            and labels.source_system = one.source_system and labels.source_id = one.source_id
    inner join keys_of_labels as other
        on labels.entity = other.entity and other.side = 'other'
            and labels.other_source_system = other.source_system and labels.other_source_id = other.source_id
),

labelled as (
    select mart_name, source_system, is_same, is_linked from judged
    union all
    select mart_name, other_source_system, is_same, is_linked from judged
    where other_source_system <> source_system
),

measured as (
    select
        mart_name,
        source_system,
        {{ ratio("count(*) filter (where is_same and is_linked)", "count(*) filter (where is_linked)") }} as precision_of_links,
        {{ ratio("count(*) filter (where is_same and is_linked)", "count(*) filter (where is_same)") }} as recall_of_links
    from labelled
    group by mart_name, source_system
)

select
    evidence.mart_name,
    evidence.source_system,
    {% for class in ['reviewer', 'vendor', 'address', 'details'] -%}
    {{ ratio("count(*) filter (where evidence.evidence_class = '" ~ class ~ "')", "count(*)") }} as {{ class }}_share,
    {% endfor -%}
    {{ ratio("count(*) filter (where evidence.evidence_class is null)", "count(*)") }} as unlinked_share,
    count(*) filter (where evidence.has_conflict) as n_conflicts,
    max(measured.precision_of_links) as precision_of_links,
    max(measured.recall_of_links) as recall_of_links
from evidence
left join measured on evidence.mart_name = measured.mart_name and evidence.source_system = measured.source_system
group by evidence.mart_name, evidence.source_system
