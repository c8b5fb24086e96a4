-- Each model shares an outcome out whole: nothing is credited twice or lost.
select opportunity_key, outcome
from {{ ref('fct_attribution_touchpoint') }}
group by opportunity_key, outcome
having abs(sum(credit_first_touch) - 1) > 1e-9
    or abs(sum(credit_last_touch) - 1) > 1e-9
    or abs(sum(credit_linear) - 1) > 1e-9
    or abs(sum(credit_position_based) - 1) > 1e-9
    or abs(sum(credit_time_decay) - 1) > 1e-9
