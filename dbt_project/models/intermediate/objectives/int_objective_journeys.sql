-- One row per channel, stage and days in which journeys entered and left it: how many, whether they moved on, whether they began there.
{#- NULL while it is there; a stage that was entered out of order was left at once. #}
{%- set left_on = 'case when coalesce(moved_on, ended_on) >= entered_on then coalesce(moved_on, ended_on)'
    ~ ' when coalesce(moved_on, ended_on) is not null then entered_on end' %}
{%- set stages = ['inquiry', 'mql', 'sal', 'sql', 'sqo', 'won'] %}
with journeys as (
    select
        channel,
        {%- for stage in stages %}
        {{ business_day(stage ~ '_at') }} as {{ stage }}_on,
        {%- endfor %}
        {{ business_day('coalesce(lost_at, recycled_at)') }} as ended_on
    from {{ ref('rpt_lead_to_revenue') }}
),

stays as (
    {%- for stage in stages %}
    {%- set earlier, later = stages[:loop.index0], stages[loop.index:] %}
    select
        channel,
        {{ loop.index0 }} as stage_no,
        {{ stage }}_on as entered_on,
        {% if later | length > 1 %}coalesce({{ later | join('_on, ') }}_on){% elif later %}won_on{% else %}cast(null as date){% endif %} as moved_on,
        ended_on,
        {% if earlier | length > 1 %}coalesce({{ earlier | join('_on, ') }}_on) is null{% elif earlier %}inquiry_on is null{% else %}true{% endif %} as is_first
    from journeys
    where {{ stage }}_on is not null
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

select
    channel,
    stage_no,
    entered_on,
    {{ left_on }} as left_on,
    moved_on is not null as has_moved,
    is_first,
    count(*) as n
from stays
group by channel, stage_no, entered_on, {{ left_on }}, moved_on is not null, is_first
