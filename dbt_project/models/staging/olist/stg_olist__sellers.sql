select
    seller_id,
    seller_city as city,
    seller_state as state,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('olist', 'sellers') }}
where not _is_deleted
