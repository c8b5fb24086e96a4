-- One row per person record that was merged away, with the record that it is part of in the end: a merge of a merge of a merge.
with merges as (
    select source_system, source_entity, merged_id, min(surviving_id) as surviving_id
    from {{ ref('int_person_merges_unioned') }}
    where merged_at < {{ as_of_at() }}
    group by source_system, source_entity, merged_id
)

select
    first_merge.source_system,
    first_merge.source_entity,
    first_merge.merged_id,
    coalesce(third_merge.surviving_id, second_merge.surviving_id, first_merge.surviving_id) as final_id
from merges as first_merge
left join merges as second_merge
    on first_merge.source_system = second_merge.source_system
        and first_merge.source_entity = second_merge.source_entity
        and first_merge.surviving_id = second_merge.merged_id
left join merges as third_merge
    on second_merge.source_system = third_merge.source_system
        and second_merge.source_entity = third_merge.source_entity
        and second_merge.surviving_id = third_merge.merged_id
