-- A merge that a later full export lacks was undone.
select
    canonical_vid as surviving_contact_id,
    vid_to_merge as merged_contact_id,
    try_cast(timestamp as timestamp) as merged_at,
    _extracted_at as extracted_at
from {{ source('hubspot_connector', 'contact_merge_audit') }}
where not _is_deleted
