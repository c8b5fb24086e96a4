select
    source_system,
    source_entity,
    -- A source may name its records by their e-mail.
    case when source_id like '%@%' then md5(source_id) else source_id end as source_id,
    valid_from,
    valid_to,
    person_key,
    match_method,
    confidence,
    {{ as_of_day() }} as as_of
from {{ ref('int_person_crosswalk') }}
