-- Links that a vendor states: records converted into one person, and merges. A link names two records by rank.
with converted as (
    select
        source_system,
        record_rank,
        vendor_person_id,
        min(record_rank) over (partition by source_system, vendor_person_id) as other_rank
    from {{ ref('int_person_identifiers') }}
    where vendor_person_id is not null
)

select
    record_rank, other_rank, 'vendor_conversion' as match_method, 1.0 as confidence, cast(null as timestamp) as evident_at
from converted
where record_rank <> other_rank
union all
select converted.record_rank, persons.record_rank, 'vendor_conversion', 1.0, null
from converted
inner join {{ ref('int_person_identifiers') }} as persons
    on converted.source_system = persons.source_system
        and converted.vendor_person_id = persons.source_id
        and converted.record_rank <> persons.record_rank
union all
select merged.record_rank, surviving.record_rank, 'vendor_merge', 1.0, merges.merged_at
from {{ ref('int_person_merges_unioned') }} as merges
inner join {{ ref('int_person_identifiers') }} as merged
    on merges.source_system = merged.source_system
        and merges.source_entity = merged.source_entity
        and merges.merged_id = merged.source_id
inner join {{ ref('int_person_identifiers') }} as surviving
    on merges.source_system = surviving.source_system
        and merges.source_entity = surviving.source_entity
        and merges.surviving_id = surviving.source_id
where merged.record_rank <> surviving.record_rank
