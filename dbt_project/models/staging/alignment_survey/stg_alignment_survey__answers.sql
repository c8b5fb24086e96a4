select
    try_cast(survey_on as date) as survey_on,
    respondent_no,
    coalesce(nullif(lower(trim(team)), ''), 'unknown') as team,
    upper(trim(item_id)) as item_id,
    case
        when lower(trim(answer)) in ('yes', 'y', 'oui', 'o', 'true', 'vrai', '1') then true
        when lower(trim(answer)) in ('no', 'n', 'non', 'false', 'faux', '0') then false
    end as is_yes,
    _extracted_at as extracted_at
from {{ source('alignment_survey', 'answers') }}
where try_cast(survey_on as date) is not null
