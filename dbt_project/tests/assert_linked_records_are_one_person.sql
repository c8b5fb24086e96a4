-- A link whose two records ended in different groups: the rounds of finding groups did not suffice for a longer chain.
with labels as (
    select record_rank, min(label_rank) as label_rank from {{ ref('int_person_groups') }} group by record_rank
)

select links.record_rank, links.other_rank
from {{ ref('int_person_links') }} as links
inner join labels as one on links.record_rank = one.record_rank
inner join labels as other on links.other_rank = other.record_rank
where one.label_rank <> other.label_rank
