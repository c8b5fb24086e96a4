-- One row per direction of every link between two person records: the strongest evidence, and since when it is known.
-- A reviewer's "same" links; "different" takes away the link of the two and, of two links that join them through a third
-- record, the weaker one.
with proposed as (
    select record_rank, other_rank, match_method, confidence, evident_at from {{ ref('int_person_links_by_vendor') }}
    union all
    select record_rank, other_rank, match_method, confidence, evident_at from {{ ref('int_person_links_by_email') }}
    union all
    select record_rank, other_rank, match_method, confidence, evident_at from {{ ref('int_person_links_by_details') }}
),

{{ reviewed_links('person', ref('int_person_identifiers')) }}
