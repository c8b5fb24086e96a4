{#
  A table is made where it stands, its forerunner dropped before. dbt's own way makes it under another name, renames the forerunner
  away and drops that afterwards, so that readers never miss it; nobody reads a candidate, and a night has two hundred tables.
  This project has no hooks, grants or indexes: here none would be applied.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='table') -%}
  {%- if existing is not none -%}
    {% call statement('drop') -%} drop {{ existing.type }} {{ existing }} cascade {%- endcall %}
    {#- A Python model is written by a connection of its own, which must see that the name is free. -#}
    {%- if model['language'] == 'python' %}{% do adapter.commit() %}{% endif -%}
  {%- endif -%}
  {% call statement('main', language=model['language']) -%}
    {{- create_table_as(False, target, compiled_code, model['language']) }}
  {%- endcall %}
  {{ adapter.commit() }}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}
