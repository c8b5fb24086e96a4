{# The host of a web address or a bare domain: lower case, without protocol, www and path. #}
{% macro web_domain(column) -%}
    trim({{ regexp_replace_all("lower(trim(" ~ column ~ "))", "^(https?://)?(www[.])?|[/?#:].*$", "") }})
{%- endmacro %}
