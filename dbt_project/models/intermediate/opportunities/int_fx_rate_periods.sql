-- One row per currency and period in which a rate to the reporting currency holds; the reporting currency's own is 1.
with rates as (
    select currency, valid_from, rate_to_reporting
    from {{ ref('fx_rates') }}
    where currency <> {{ night('reporting_currency') }}
    union all
    select reporting_currency, cast('1970-01-01' as date), 1.0
    from {{ source('tandem', 'night') }}
)

select
    currency,
    valid_from,
    lead(valid_from) over (partition by currency order by valid_from) as valid_to,
    rate_to_reporting
from rates
