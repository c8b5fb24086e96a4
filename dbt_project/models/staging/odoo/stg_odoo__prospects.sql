select
    lead_id,
    nullif(lower(trim(email)), '') as email_normalised,
    entreprise as company_name,
    {{ folded_text('contact') }} as person_name,
    campagne as campaign_name,
    trim(etat) as vendor_stage,
    coalesce(try_cast(est_opportunite as boolean), false) as is_opportunity,
    try_cast(date_entree as timestamp) as entered_at,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('odoo', 'prospects') }}
where not _is_deleted
