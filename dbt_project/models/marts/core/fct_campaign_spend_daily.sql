select
    campaign_key,
    spend_date,
    currency,
    min(source_system) as source_system,
    min(channel) as channel,
    case when spend_date is null then 'whole period of the export' end as declared_period,
    cast(sum(spend) as decimal(18, 2)) as spend,
    cast(sum(impressions) as bigint) as impressions,
    cast(sum(clicks) as bigint) as clicks,
    {{ as_of_day() }} as as_of
from {{ ref('int_campaign_spend_unioned') }}
where spend_date is null or spend_date <= {{ as_of_day() }}
group by campaign_key, spend_date, currency
