-- One row per person record and time during which it was believed to be one person; half-open, the current one without end.
with beliefs as (
    select
        record_rank,
        label_rank,
        known_at,
        lead(known_at) over (partition by record_rank order by known_at) as next_known_at
    from {{ ref('int_person_groups') }}
    union all
    select identifiers.record_rank, identifiers.record_rank, identifiers.known_at, null
    from {{ ref('int_person_identifiers') }} as identifiers
    left join {{ ref('int_person_groups') }} as linked on identifiers.record_rank = linked.record_rank
    where linked.record_rank is null
),

-- By what a record is linked at the time: the strongest of its own links then known.
ways as (
    select
        beliefs.record_rank,
        beliefs.known_at,
        links.match_method,
        links.confidence,
        row_number() over (
            partition by beliefs.record_rank, beliefs.known_at order by links.confidence desc, links.match_method
        ) as strength
    from beliefs
    inner join {{ ref('int_person_links') }} as links
        on beliefs.record_rank = links.record_rank and links.known_at <= beliefs.known_at
    where beliefs.record_rank <> beliefs.label_rank
)

select
    records.record_key,
    records.source_system,
    records.source_entity,
    records.source_id,
    records.is_gone,
    firsts.own_person_key as person_key,
    coalesce(ways.match_method, 'first_record') as match_method,
    coalesce(ways.confidence, 1.0) as confidence,
    beliefs.known_at as valid_from,
    beliefs.next_known_at as valid_to
from beliefs
inner join {{ ref('int_person_identifiers') }} as records on beliefs.record_rank = records.record_rank
inner join {{ ref('int_person_identifiers') }} as firsts on beliefs.label_rank = firsts.record_rank
left join ways on beliefs.record_rank = ways.record_rank and beliefs.known_at = ways.known_at and ways.strength = 1
