-- What nights published anew said differently before tonight; publishing adds what tonight's own publication restates.
select
    restated_as_of,
    restatement_no,
    mart_name,
    grain_key,
    column_name,
    change,
    old_value,
    new_value,
    cause,
    cause_detail,
    {{ as_of_day() }} as as_of
from {{ source('tandem', 'restatement') }}
