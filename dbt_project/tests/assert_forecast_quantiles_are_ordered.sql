-- P10 <= P50 <= P90, none below zero; a row has a forecast or a reason, never both and never neither.
select origin_date, period_end, method, segment
from {{ ref('mart_forecast') }}
where not coalesce(p10 <= p50 and p50 <= p90 and p10 >= 0, true)
    or (forecast is null) <> (reason is not null)
    or forecast < 0
    or wape < 0
