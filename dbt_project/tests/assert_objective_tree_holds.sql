-- An objective's metric is the product (or sum) of the parts that its tree names, over each of the last four closed periods.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_objective_trees_rebuilt'}}}) }}
select objective_id, periods_back, rebuilt, total
from {{ ref('int_objective_trees_rebuilt') }}
where abs(rebuilt - total) > 0.01 * abs(total)
