{# A vendor's name of a CRM field in canonical words; another name stays as it is. #}
{% macro canonical_field_name(column) -%}
    case lower(trim({{ column }}))
        when 'title' then 'job_title'
        when 'jobtitle' then 'job_title'
        when 'emailaddress' then 'email'
        when 'phone_number' then 'phone'
        when 'phonenumber' then 'phone'
        when 'company_name' then 'company'
        when 'companyname' then 'company'
        when 'leadsource' then 'lead_source'
        when 'origin_channel' then 'lead_source'
        when 'original_source' then 'lead_source'
        when 'hs_analytics_source' then 'lead_source'
        when 'website' then 'domain'
        else lower(trim({{ column }}))
    end
{%- endmacro %}

{# Whether a canonical feed holds contacts or leads: its own name says so. #}
{% macro person_entity_type(source_entity) -%}
    case when {{ source_entity }} like '%contact%' then 'contact' else 'lead' end
{%- endmacro %}

{# A cell's value; NULL where there are only blanks, of which trim() takes spaces alone. #}
{% macro filled_value(column) -%}
    case when trim(translate({{ column }}, chr(9) || chr(10) || chr(13), '')) <> '' then {{ column }} end
{%- endmacro %}

{# A value in the form in which two are compared: case says nothing, nor how a phone number is written or its extension. #}
{% macro comparable_value(field_name, value) -%}
    case
        when {{ field_name }} = 'phone'
            then coalesce({{ phone_key(regexp_replace_all("lower(" ~ value ~ ")", "(ext|poste|x|#).*$", "")) }}, lower({{ value }}))
        else lower({{ value }})
    end
{%- endmacro %}

{# Probability that a judged value is still right: by its age and the field's decay; NULL where nothing dates it. #}
{% macro probability_valid(status, last_verified_at, daily_rate) -%}
    case
        when {{ status }} in ('fresh', 'stale', 'conflict')
            then exp(-coalesce({{ daily_rate }}, 0) * greatest({{ days_between(last_verified_at, as_of_at()) }}, 0))
        when {{ status }} in ('missing', 'invalid') then 0.0
    end
{%- endmacro %}
