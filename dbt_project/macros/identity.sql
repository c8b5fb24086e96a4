{# Lower case, without accents (composed or not) and punctuation: how names of people and companies are compared. #}
{% macro folded_text(column) -%}
    nullif({{ words_only("replace(replace(replace(" ~ without_accents(regexp_replace_all("lower(" ~ column ~ ")", "[̀-ͯ]", ""))
        ~ ", 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss')") }}, '')
{%- endmacro %}

{# The part of a host that somebody registered: the last two labels, three below a country's own second level. #}
{% macro registrable_domain(host) -%}
    nullif(regexp_extract(
        {{ host }},
        '[^.]+[.]((co|com|org|net|gov|gouv|asso|ac|edu|ne|or|go)[.][a-z][a-z]|[^.]+)$', 0
    ), '')
{%- endmacro %}

{# What a phone number is told by, however it is written: its last nine digits; shorter numbers tell nothing. #}
{% macro phone_key(column) -%}
    case
        when length({{ regexp_replace_all(column, "[^0-9]", "") }}) >= 9
            then right({{ regexp_replace_all(column, "[^0-9]", "") }}, 9)
    end
{%- endmacro %}

{# Whether a mailbox is one of a function: several people read and write there. #}
{% macro is_role_mailbox(mailbox) -%}
    {{ regexp_replace_all(mailbox, "[-._+0-9].*$", "") }} in (
        'accueil', 'achats', 'admin', 'administration', 'billing', 'bonjour', 'bureau', 'commande', 'commandes',
        'commercial', 'communication', 'compta', 'comptabilite', 'contact', 'contacts', 'direction', 'enquiries',
        'facturation', 'formation', 'hello', 'help', 'info', 'infos', 'information', 'it', 'mail', 'marketing', 'no',
        'noreply', 'office', 'postmaster', 'presse', 'recrutement', 'reception', 'rh', 'sales', 'secretariat',
        'service', 'services', 'support', 'team', 'ventes', 'webmaster'
    )
{%- endmacro %}

{# What a company's name is compared by: its words without legal forms and fillers, if any are left. Only whole words
   count: "SAP" is no part of "Sapient". `words` is an array of those to leave out. #}
{% macro company_name_key(column, words) -%}
    coalesce(
        nullif({{ without_words(folded_text("replace(" ~ column ~ ", '.', '')"), words) }}, ''),
        {{ folded_text("replace(" ~ column ~ ", '.', '')") }}
    )
{%- endmacro %}

{# One round of finding groups of linked records. Every record knows the earliest record (the lowest rank) that it is
   linked with, and since when. It learns what its neighbours know, tells it the record that it named so far, and takes
   over what the record knows that it names now: so the reach about doubles with each round, whatever the order of a
   chain (5 rounds join any chain of 12 merges; a test says when a group needs more). Of what it knows it keeps each step
   to an earlier record: the belief of any day can be read from them. #}
{% macro grouping_round(links, previous) -%}
with learnt as (
    select record_rank, label_rank, known_at from {{ previous }}
    union all
    select links.record_rank, known.label_rank, greatest(links.known_at, known.known_at)
    from {{ links }} as links
    inner join {{ previous }} as known on links.other_rank = known.record_rank
),

neighbours as (
    {{ steps_to_earlier_records('learnt') }}
),

told as (
    select record_rank, label_rank, known_at from neighbours
    union all
    select named.label_rank, neighbours.label_rank, greatest(named.known_at, neighbours.known_at)
    from {{ previous }} as named
    inner join neighbours on named.record_rank = neighbours.record_rank and neighbours.label_rank < named.label_rank
),

agreed as (
    {{ steps_to_earlier_records('told') }}
),

reached as (
    select record_rank, label_rank, known_at from agreed
    union all
    select one.record_rank, other.label_rank, greatest(one.known_at, other.known_at)
    from agreed as one
    inner join agreed as other on one.label_rank = other.record_rank and other.label_rank < one.label_rank
)

{{ steps_to_earlier_records('reached') }}
{%- endmacro %}

{# Of what is known of a record: a later and no earlier label says nothing new. #}
{% macro steps_to_earlier_records(relation) -%}
select record_rank, label_rank, known_at
from (
    select
        record_rank, label_rank, known_at,
        min(known_at) over (
            partition by record_rank order by label_rank rows between unbounded preceding and 1 preceding
        ) as earlier_label_known_at
    from (
        select record_rank, label_rank, min(known_at) as known_at from {{ relation }} group by record_rank, label_rank
    ) as first_known
) as ranked
where earlier_label_known_at is null or known_at < earlier_label_known_at
{%- endmacro %}

{# From the CTE `proposed` (record_rank, other_rank, match_method, confidence, evident_at) to the links that stand after
   the reviewer's decisions on this entity, in both directions, each once. #}
{% macro reviewed_links(entity, records) -%}
decided as (
    select one.record_rank, other.record_rank as other_rank, overrides.verdict, overrides.decided_on
    from {{ ref('identity_overrides') }} as overrides
    inner join {{ records }} as one
        on overrides.source_system = one.source_system and overrides.source_id = one.source_id
    inner join {{ records }} as other
        on overrides.other_source_system = other.source_system and overrides.other_source_id = other.source_id
    where overrides.entity = '{{ entity }}'
        and one.record_rank <> other.record_rank
        and (overrides.decided_on is null or overrides.decided_on <= {{ as_of_day() }})
),

different as (
    select least(record_rank, other_rank) as record_rank, greatest(record_rank, other_rank) as other_rank
    from decided where verdict = 'different'
    union
    select greatest(record_rank, other_rank), least(record_rank, other_rank) from decided where verdict = 'different'
),

either_way as (
    select record_rank, other_rank, match_method, confidence, evident_at from proposed
    union all
    select other_rank, record_rank, match_method, confidence, evident_at from proposed
    union all
    select record_rank, other_rank, 'reviewer', 1.0, cast(decided_on as timestamp) from decided where verdict = 'same'
    union all
    select other_rank, record_rank, 'reviewer', 1.0, cast(decided_on as timestamp) from decided where verdict = 'same'
),

strongest as (
    select *
    from (
        select
            either_way.*,
            row_number() over (
                partition by either_way.record_rank, either_way.other_rank
                order by either_way.confidence desc, either_way.match_method
            ) as strength
        from either_way
        left join different
            on either_way.record_rank = different.record_rank and either_way.other_rank = different.other_rank
        where different.record_rank is null
    ) as ranked
    where strength = 1
),

contested as (
    select
        one.other_rank as third_rank,
        case
            when one.confidence < other.confidence then one.record_rank
            when one.confidence > other.confidence then other.record_rank
            else greatest(one.record_rank, other.record_rank)
        end as lost_rank
    from different
    inner join strongest as one on different.record_rank = one.record_rank
    inner join strongest as other on different.other_rank = other.record_rank and one.other_rank = other.other_rank
),

lost as (
    select third_rank as record_rank, lost_rank as other_rank from contested
    union
    select lost_rank, third_rank from contested
)

select
    strongest.record_rank,
    strongest.other_rank,
    strongest.match_method,
    cast(strongest.confidence as double) as confidence,
    greatest(one.known_at, other.known_at, coalesce(strongest.evident_at, one.known_at)) as known_at
from strongest
inner join {{ records }} as one on strongest.record_rank = one.record_rank
inner join {{ records }} as other on strongest.other_rank = other.record_rank
left join lost on strongest.record_rank = lost.record_rank and strongest.other_rank = lost.other_rank
where lost.record_rank is null
{%- endmacro %}
