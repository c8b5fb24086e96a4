{%- for stage in ['lead', 'marketingqualifiedlead', 'salesqualifiedlead', 'opportunity', 'customer'] %}
select
    id as contact_id, '{{ stage }}' as vendor_stage, try_cast(property_hs_v2_date_entered_{{ stage }} as timestamp) as entered_at,
    _extracted_at as extracted_at
from {{ source('hubspot_connector', 'contact') }}
where not _is_deleted and try_cast(property_hs_v2_date_entered_{{ stage }} as timestamp) is not null
{% if not loop.last %}union all{% endif %}
{%- endfor %}
