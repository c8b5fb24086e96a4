-- One row per objective with a tree and closed period among the last four: what the parts make, beside what was counted.
with spans as (
    select objective_id, periods_back, past_first, past_next
    from {{ ref('int_objective_past_periods') }}
    where periods_back <= 4
),

children as (
    select
        tree.objective_id,
        tree.child,
        tree.op,
        spans.periods_back,
        cast(sum(case when metrics.metric = tree.numerator then cast(metrics.metric_value as decimal(18, 4)) end) as double)
            / max(case when tree.denominator is null then 1.0 end) as simple_value,
        cast(sum(case when metrics.metric = tree.numerator then cast(metrics.metric_value as decimal(18, 4)) end) as double)
            / nullif(cast(sum(case when metrics.metric = tree.denominator then cast(metrics.metric_value as decimal(18, 4)) end) as double), 0) as ratio_value
    from {{ source('tandem', 'objective_tree') }} as tree
    inner join {{ source('tandem', 'objective') }} as objectives
        on tree.objective_id = objectives.objective_id and objectives.narrowed_to = '' and objectives.denominator is null
    inner join spans on tree.objective_id = spans.objective_id
    inner join {{ ref('int_metric_values') }} as metrics
        on metrics.metric in (tree.numerator, tree.denominator)
            and metrics.metric_date >= spans.past_first
            and metrics.metric_date < spans.past_next
            and (objectives.currency is null or metrics.currency is null or metrics.currency = objectives.currency)
    group by tree.objective_id, tree.child, tree.op, spans.periods_back
),

products as (
    select
        objective_id,
        periods_back,
        case when min(op) = 'sum' then sum(coalesce(simple_value, ratio_value))
            else exp(sum(ln(nullif(coalesce(simple_value, ratio_value), 0)))) end as rebuilt
    from children
    group by objective_id, periods_back
)

select
    products.objective_id,
    products.periods_back,
    products.rebuilt,
    cast(periods.total as double) as total
from products
inner join {{ ref('int_objective_past_periods') }} as periods
    on products.objective_id = periods.objective_id and products.periods_back = periods.periods_back
