select
    product as product_name,
    series as product_series,
    {{ regexp_replace_all("lower(product)", "[^a-z0-9]", "") }} as product_lookup_key,
    _extracted_at as extracted_at
from {{ source('maven', 'products') }}
where not _is_deleted
