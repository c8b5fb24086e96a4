-- One row per opportunity and state: from `valid_from` up to, not including, `valid_to` (NULL: still so at as_of).
-- Field by field from the vendor's own history, else from successive exports; before the first state that is known, that
-- one holds, but a closed one is never drawn back: then the opportunity was open in a stage nobody knows. Histories do not say in
-- which currency an amount was: it is the record's.
{%- set fields = ['stage', 'amount', 'close_on', 'category', 'owner'] %}
{%- set values = {'stage': 'vendor_stage, pipeline, meant_on', 'amount': 'amount, currency', 'close_on': 'close_on', 'category': 'forecast_category', 'owner': 'owner_key'} %}
with history_fields as (
    select
        opportunity_key,
        {%- for field in fields %}
        bool_or(has_{{ field }}) as has_{{ field }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_opportunity_changes_unioned') }}
    group by opportunity_key
),

sighted as (
    select opportunity_key, min(seen_from) as first_seen_at
    from {{ ref('int_opportunity_sightings') }}
    group by opportunity_key
),

first_seen_closed as (
    select sightings.opportunity_key, min(sightings.observed_at) as observed_at
    from {{ ref('int_opportunity_sightings') }} as sightings
    inner join {{ ref('int_opportunity_records') }} as records
        on sightings.opportunity_key = records.opportunity_key and sightings.vendor_stage = records.vendor_stage
    where records.is_closed
    group by sightings.opportunity_key
),

-- `priority` orders what is said of one instant: what exports show is overruled by history, and both by the closing date.
observed as (
    select
        records.opportunity_key, records.created_at as observed_at, 0 as priority, records.created_at as noted_at,
        {%- for field in fields %}
        false as has_{{ field }},
        {%- endfor %}
        cast(null as string) as vendor_stage, cast(null as string) as pipeline, cast(null as date) as meant_on,
        cast(null as decimal(18, 2)) as amount, cast(null as string) as currency, cast(null as date) as close_on,
        cast(null as string) as forecast_category, cast(null as string) as owner_key,
        false as has_presence, false as is_gone
    from {{ ref('int_opportunity_records') }} as records
    union all
    select
        sightings.opportunity_key, sightings.observed_at, 1, sightings.seen_from,
        {%- for field in fields %}
        not coalesce(history_fields.has_{{ field }}, false) and not (sightings.is_gone and sightings.vendor_stage is null),
        {%- endfor %}
        sightings.vendor_stage, sightings.pipeline, cast(sightings.seen_from as date), sightings.amount,
        coalesce(sightings.currency, records.currency), sightings.close_on, sightings.forecast_category,
        case
            when sightings.owner_id is not null
                then {{ surrogate_key(["'user'", "records.source_system", "sightings.owner_id"]) }}
        end,
        true, sightings.is_gone
    from {{ ref('int_opportunity_sightings') }} as sightings
    inner join {{ ref('int_opportunity_records') }} as records on sightings.opportunity_key = records.opportunity_key
    left join history_fields on sightings.opportunity_key = history_fields.opportunity_key
    union all
    select
        changes.opportunity_key, changes.changed_at, 2, changes.changed_at,
        {%- for field in fields %}
        changes.has_{{ field }},
        {%- endfor %}
        changes.vendor_stage, records.pipeline, cast(changes.changed_at as date), changes.amount, records.currency,
        changes.close_on, changes.forecast_category,
        case
            when changes.owner_id is not null
                then {{ surrogate_key(["'user'", "changes.source_system", "changes.owner_id"]) }}
        end,
        false, false
    from {{ ref('int_opportunity_changes_unioned') }} as changes
    inner join {{ ref('int_opportunity_records') }} as records on changes.opportunity_key = records.opportunity_key
    union all
    -- A closed opportunity counts from its closing date on, with the amount that it has now.
    select
        records.opportunity_key,
        case when records.is_closed_imputed then coalesce(closed.observed_at, records.closed_at) else records.closed_at end,
        3, records.closed_at, true, true, false, false, false,
        records.vendor_stage, records.pipeline, records.stage_meant_on, records.amount, records.currency, null, null, null, false, false
    from {{ ref('int_opportunity_records') }} as records
    left join first_seen_closed as closed on records.opportunity_key = closed.opportunity_key
    where records.is_closed and not records.is_gone
    union all
    -- Without history and exports of its own the record's present state is all there is.
    select
        records.opportunity_key, records.created_at, 1, records.created_at,
        not records.is_closed, not coalesce(history_fields.has_amount, false), false, false,
        not coalesce(history_fields.has_owner, false),
        records.vendor_stage, records.pipeline, records.stage_meant_on, records.amount, records.currency, null, null, records.owner_key,
        false, false
    from {{ ref('int_opportunity_records') }} as records
    left join sighted on records.opportunity_key = sighted.opportunity_key
    left join history_fields on records.opportunity_key = history_fields.opportunity_key
    where sighted.opportunity_key is null and not coalesce(history_fields.has_stage, false)
),

placed as (
    select
        observed.*,
        records.source_system,
        records.created_at,
        records.currency as record_currency,
        case when observed.observed_at < records.created_at then records.created_at else observed.observed_at end as effective_at
    from observed
    inner join {{ ref('int_opportunity_records') }} as records on observed.opportunity_key = records.opportunity_key
    where observed.observed_at < {{ as_of_at() }}
),

numbered as (
    select
        *,
        row_number() over (
            partition by opportunity_key order by effective_at, observed_at, priority, noted_at
        ) as observation_no
    from placed
),

-- Which of a field's values holds: the last one said, and before the first one that one.
counted as (
    select
        *,
        {%- for field in fields %}
        count(case when has_{{ field }} then 1 end) over (partition by opportunity_key order by observation_no) as {{ field }}_no,
        {%- endfor %}
        count(case when has_presence then 1 end) over (partition by opportunity_key order by observation_no) as presence_no,
        lead(effective_at) over (partition by opportunity_key order by observation_no) as next_effective_at
    from numbered
),

{%- for field in fields %}
{{ field }}_values as (
    select opportunity_key, {{ field }}_no, {{ values[field] }}
    from counted
    where has_{{ field }}
),
{%- endfor %}

presence_values as (
    select opportunity_key, presence_no, is_gone
    from counted
    where has_presence
),

carried as (
    select
        counted.opportunity_key,
        counted.source_system,
        counted.effective_at as valid_from,
        counted.record_currency,
        counted.stage_no = 0 as is_before_first_stage,
        counted.close_on_no = 0 as is_before_first_close_on,
        {%- for field in fields %}
        {%- for value in values[field].split(', ') %}
        {{ field }}_values.{{ value }},
        {%- endfor %}
        {%- endfor %}
        coalesce(presence_values.is_gone, false) as is_gone
    from counted
    {%- for field in fields %}
    left join {{ field }}_values
        on counted.opportunity_key = {{ field }}_values.opportunity_key
            and greatest(counted.{{ field }}_no, 1) = {{ field }}_values.{{ field }}_no
    {%- endfor %}
    left join presence_values
        on counted.opportunity_key = presence_values.opportunity_key
            and greatest(counted.presence_no, 1) = presence_values.presence_no
    -- Of what is said of one instant the last word holds.
    where counted.next_effective_at is null or counted.next_effective_at > counted.effective_at
),

meant as (
    select
        carried.*,
        coalesce(of_pipeline.stage, of_any.stage) as funnel_stage,
        coalesce(of_pipeline.event, of_any.event, 'entered') as event
    from carried
    {{ join_stage_meaning(ref('int_opportunity_stages_mapped'), 'carried', 'carried.meant_on') }}
),

judged as (
    select
        opportunity_key,
        source_system,
        valid_from,
        case when is_before_first_stage and event <> 'entered' then null else vendor_stage end as vendor_stage,
        case when is_before_first_stage and event <> 'entered' then null else funnel_stage end as stage,
        case
            when is_gone then 'removed'
            when not is_before_first_stage and event in ('won', 'lost', 'no_decision') then event
            else 'open'
        end as outcome,
        amount,
        coalesce(currency, record_currency) as currency,
        -- A date first seen on a closed opportunity was never an expectation.
        case when is_before_first_stage and is_before_first_close_on and event <> 'entered' then null else close_on end as close_on,
        forecast_category,
        owner_key
    from meant
),

compared as (
    select
        *,
        {%- set states = ['vendor_stage', 'stage', 'outcome', 'amount', 'currency', 'close_on', 'forecast_category', 'owner_key'] %}
        {%- for state in states %}
        lag({{ state }}) over (partition by opportunity_key order by valid_from) as previous_{{ state }},
        {%- endfor %}
        row_number() over (partition by opportunity_key order by valid_from) as state_no,
        max(case when outcome <> 'removed' then 1 else 0 end) over (
            partition by opportunity_key order by valid_from
        ) as was_ever_here
    from judged
),

kept as (
    select *
    from compared
    -- States in which nothing changed are one; what is gone before it ever came was never here.
    where was_ever_here = 1
        and (
            state_no = 1
            {%- for state in states %}
            or {{ state }} is distinct from previous_{{ state }}
            {%- endfor %}
        )
)

select
    opportunity_key,
    source_system,
    row_number() over (partition by opportunity_key order by valid_from) as version_no,
    valid_from,
    lead(valid_from) over (partition by opportunity_key order by valid_from) as valid_to,
    vendor_stage,
    stage,
    outcome,
    outcome = 'open' as is_open,
    amount,
    currency,
    close_on,
    forecast_category,
    owner_key
from kept
