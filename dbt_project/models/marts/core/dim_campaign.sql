with campaigns as (
    select campaign_key, source_system, campaign_name, channel from {{ ref('int_campaign_spend_unioned') }}
    union all
    select {{ surrogate_key(["'campaign'", "'mailchimp'", "campaign_id"]) }}, 'mailchimp', campaign_name, 'email'
    from {{ ref('stg_mailchimp__campaigns') }}
)

select
    campaign_key,
    min(source_system) as source_system,
    max(campaign_name) as campaign_name,
    min(channel) as channel,
    {{ as_of_day() }} as as_of
from campaigns
group by campaign_key
