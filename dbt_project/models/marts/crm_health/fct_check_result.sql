-- Earlier nights' results; the present night's own are added once its checks have run.
select
    check_date,
    relation,
    check_name,
    severity,
    has_passed,
    n_checked,
    n_failing,
    failing_rate,
    allowed_rate,
    pipeline_at_stake,
    {{ as_of_day() }} as as_of
from {{ source('tandem', 'check_result') }}
