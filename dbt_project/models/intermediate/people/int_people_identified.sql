-- One row per person record with the person that it is now believed to be; its order among that person's records.
select
    crosswalk.person_key,
    people.source_system,
    people.source_entity,
    people.source_id,
    people.record_key,
    row_number() over (
        partition by crosswalk.person_key
        order by people.created_at, people.source_system, people.source_entity, people.source_id
    ) as record_order,
    count(*) over (partition by crosswalk.person_key) as n_records,
    people.email_normalised,
    people.company_name,
    people.source_account_id,
    people.origin_channel,
    people.campaign_name,
    people.created_at,
    people.is_created_imputed,
    people.extracted_at
from {{ ref('int_people_unioned') }} as people
inner join {{ ref('int_person_crosswalk') }} as crosswalk
    on people.record_key = crosswalk.record_key and crosswalk.valid_to is null
