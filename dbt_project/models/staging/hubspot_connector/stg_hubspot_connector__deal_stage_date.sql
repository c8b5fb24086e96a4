{%- for stage in ['appointmentscheduled', 'qualifiedtobuy', 'presentationscheduled', 'decisionmakerboughtin', 'contractsent', 'closedwon', 'closedlost'] %}
select
    deal_id as deal_id, '{{ stage }}' as vendor_stage, try_cast(property_hs_v2_date_entered_{{ stage }} as timestamp) as entered_at,
    _extracted_at as extracted_at
from {{ source('hubspot_connector', 'deal') }}
where not _is_deleted and try_cast(property_hs_v2_date_entered_{{ stage }} as timestamp) is not null
{% if not loop.last %}union all{% endif %}
{%- endfor %}
