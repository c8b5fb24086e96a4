-- The surviving record lists `id` or `id:milliseconds` of every record that was merged into it, also through another one.
-- What a record listed before it was merged away itself still says when that was known.
with listed as (
    select
        contact_id as surviving_contact_id,
        {{ split_to_rows('merged_contact_ids', ';') }} as entry,
        _extracted_at as extracted_at
    from {{ source('hubspot', 'contacts') }}
    where nullif(trim(merged_contact_ids), '') is not null
),

parsed as (
    select
        surviving_contact_id,
        nullif(trim({{ regexp_replace_all('entry', ':.*$', '') }}), '') as merged_contact_id,
        {{ time_of_milliseconds("nullif(trim(" ~ regexp_replace_all('entry', '^[^:]*:?', '') ~ "), '')") }} as merged_at,
        extracted_at
    from listed
)

select
    parsed.merged_contact_id,
    parsed.surviving_contact_id,
    try_cast(contacts.created_at as timestamp) as merged_created_at,
    contacts._first_extracted_at as merged_first_extracted_at,
    -- A merge without a time was known once the record had been seen for the last time.
    coalesce(min(parsed.merged_at), min(contacts._extracted_at), min(parsed.extracted_at)) as merged_at
from parsed
left join {{ source('hubspot', 'contacts') }} as contacts on parsed.merged_contact_id = contacts.contact_id
where parsed.merged_contact_id is not null and parsed.merged_contact_id <> parsed.surviving_contact_id
group by parsed.merged_contact_id, parsed.surviving_contact_id, contacts.created_at, contacts._first_extracted_at
