-- One row per customer of a billing source with its account and who won it: by the account's id in that source, the person's
-- e-mail, the whole name where it is one account's alone, and last the web domain, which a group of companies may share.
with customers as (
    select
        billing_customer_key,
        source_system,
        customer_id,
        customer_name,
        email_normalised,
        coalesce(
            domain,
            nullif({{ regexp_replace_all("email_normalised", "^.*@", "") }}, '')
        ) as domain,
        account_id,
        row_number() over (partition by billing_customer_key order by from_day desc, subscription_key) as recency,
        min(from_day) over (partition by billing_customer_key) as first_day
    from {{ ref('int_subscription_periods') }}
),

people as (
    select email_normalised, min(person_key) as person_key
    from {{ ref('int_people_identified') }}
    where email_normalised is not null
    group by email_normalised
    having count(distinct person_key) = 1
),

person_accounts as (
    select people.person_key, min(accounts.account_key) as account_key
    from {{ ref('int_people_identified') }} as people
    inner join {{ ref('int_person_accounts') }} as accounts on people.record_key = accounts.record_key
    where accounts.account_key is not null
    group by people.person_key
    having count(distinct accounts.account_key) = 1
),

domains as (
    select accounts.domain, min(accounts.account_key) as account_key
    from {{ ref('int_accounts_identified') }} as accounts
    left join {{ ref('free_mail_domains') }} as free_mail on accounts.domain = free_mail.domain
    where accounts.domain is not null and free_mail.domain is null
    group by accounts.domain
    having count(distinct accounts.account_key) = 1
),

names as (
    select lower(trim(account_name)) as name_lower, min(account_key) as account_key
    from {{ ref('int_accounts_identified') }}
    where account_name is not null
    group by lower(trim(account_name))
    having count(distinct account_key) = 1
),

linked as (
    select
        customers.billing_customer_key,
        customers.source_system,
        customers.first_day,
        people.person_key,
        coalesce(by_id.account_key, person_accounts.account_key, names.account_key, domains.account_key) as account_key,
        case
            when by_id.account_key is not null then 'account_id'
            when person_accounts.account_key is not null then 'email'
            when names.account_key is not null then 'name'
            when domains.account_key is not null then 'domain'
        end as match_method
    from customers
    left join {{ ref('int_accounts_identified') }} as by_id
        on customers.source_system = by_id.source_system and customers.account_id = by_id.source_id
    left join people on customers.email_normalised = people.email_normalised
    left join person_accounts on people.person_key = person_accounts.person_key
    left join domains on customers.domain = domains.domain
    left join names on lower(customers.customer_name) = names.name_lower
    where customers.recency = 1
),

-- The win that the customer's first day is nearest to.
wins as (
    select
        linked.billing_customer_key,
        opportunities.opportunity_key,
        opportunities.owner_key,
        opportunities.person_key,
        opportunities.channel,
        row_number() over (
            partition by linked.billing_customer_key
            order by
                abs({{ date_diff_days(business_day('opportunities.closed_at'), 'linked.first_day') }}),
                opportunities.opportunity_key
        ) as nearness
    from linked
    inner join {{ ref('fct_opportunity') }} as opportunities on linked.account_key = opportunities.account_key
    where opportunities.is_won
)

select
    linked.billing_customer_key,
    linked.source_system,
    linked.account_key,
    linked.match_method,
    -- Two customers of a billing tool that are one account are one customer.
    coalesce(linked.account_key, linked.billing_customer_key) as customer_key,
    wins.opportunity_key,
    wins.owner_key,
    coalesce(wins.channel, persons.channel, 'unknown') as channel,
    persons.campaign_name
from linked
left join wins on linked.billing_customer_key = wins.billing_customer_key and wins.nearness = 1
left join {{ ref('int_persons_merged') }} as persons on coalesce(wins.person_key, linked.person_key) = persons.person_key
