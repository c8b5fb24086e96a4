select stage, stage_order, label_en, label_fr, owner_team, {{ as_of_day() }} as as_of
from {{ ref('stages') }}
