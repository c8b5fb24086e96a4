-- An open opportunity has a row on the next day too, until as_of.
select snapshots.opportunity_key, snapshots.snapshot_date
from {{ ref('fct_opportunity_daily_snapshot') }} as snapshots
left join {{ ref('fct_opportunity_daily_snapshot') }} as following
    on snapshots.opportunity_key = following.opportunity_key
        and following.snapshot_date = {{ add_days('snapshots.snapshot_date', 1) }}
where snapshots.is_open and snapshots.snapshot_date < snapshots.as_of and following.opportunity_key is null
