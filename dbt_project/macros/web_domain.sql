{# The host of a web address, an e-mail address or a bare domain: lower case, without protocol, user, www, port, path and last dot. #}
{% macro web_domain(column) -%}
    trim({{ regexp_replace_all("lower(trim(" ~ column ~ "))", "^([a-z]+://|//)?([^/@]*@)?(www[.])?|[.]?[/?#:].*$|[.]$", "") }})
{%- endmacro %}
