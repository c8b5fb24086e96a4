-- What each linked account record knows before the first round of finding groups: itself.
select identifiers.record_rank, identifiers.record_rank as label_rank, identifiers.known_at
from {{ ref('int_account_identifiers') }} as identifiers
inner join (select distinct record_rank from {{ ref('int_account_links') }}) as linked
    on identifiers.record_rank = linked.record_rank
