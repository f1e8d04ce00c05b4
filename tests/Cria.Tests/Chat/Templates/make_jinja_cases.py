"""Writes jinja-cases.json: templates of our own and what Python's Jinja2, set up as Transformers sets it up, renders for them.

Run: python3 make_jinja_cases.py   (needs jinja2 3.1)
"""
import json
import pathlib

import jinja2
import jinja2.ext
import jinja2.sandbox


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


env = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
env.filters["tojson"] = tojson
env.globals["raise_exception"] = raise_exception

VARIABLES = {
    "name": "Ada", "empty": "", "n": 7, "zero": 0, "x": 2.5, "yes": True, "no": False, "nothing": None,
    "items": [3, 1, 2], "words": ["beta", "Alpha", "gamma", "alpha"], "nested": [[1, 2], [3], []],
    "user": {"name": "Ada", "age": 36, "tags": ["a", "b"], "address": {"city": "Zürich"}},
    "people": [{"name": "Bo", "age": 30, "on": True}, {"name": "al", "age": 20, "on": False}, {"name": "Cy", "age": 25, "on": True}],
    "text": "  Hello, Wörld!\n second line\n\n third ", "emoji": "a👋b", "quote": "it's", "both": "a'b\"c",
    "floats": [1.0, 0.1, 1e16, 1e-5, 123456789.123, -0.0, 1e22, 5e-324, 1.7976931348623157e308, 100000.0, 0.30000000000000004],
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi <b> & 'you'"}, {"role": "assistant", "content": "Hello"}],
}

TEMPLATES = r'''
plain text
{{ name }} and {{ 'x' }}{{ "y" }}
{{ nothing }} {{ yes }} {{ no }} {{ n }} {{ x }} {{ items }} {{ user }} {{ words }}
{{ missing }}|{{ user.missing }}|{{ items[9] }}
{{ missing.attribute }}
{{ missing[0] }}
{{ missing + 'a' }}
{{ missing ~ 'a' }}
{{ floats }}
{% for f in floats %}{{ f }} {{ f | tojson }};{% endfor %}
{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}
{{ 6 / 3 }} {{ 1 / 3 }} {{ 10 * 1.0 }} {{ 1e3 }} {{ 1_000 }} {{ 0x1f }} {{ 0b101 }} {{ 0o17 }}
{{ 1 / 0 }}
{{ 'a' + 1 }}
{{ 1 + 'a' }}
{{ 'ab' * 3 }}{{ 2 * [1] }}{{ [1] + [2] }}{{ (1, 2) + (3,) }}{{ (1,) }}{{ () }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 1 == 1.0 }} {{ true == 1 }} {{ '1' == 1 }} {{ [1] == (1,) }} {{ none == false }}
{{ 1 < 'a' }}
{{ 'a' in 'cat' }} {{ 2 in items }} {{ 'name' in user }} {{ 'zzz' not in user }} {{ 5 not in items }} {{ 'x' in missing }}
{{ 1 in 'abc' }}
{{ not yes }} {{ yes and no }} {{ no or name }} {{ empty or 'fallback' }} {{ name and n }} {{ not missing }} {{ yes and not no }}
{{ 'a' if yes else 'b' }} {{ 'a' if no }} {{ 'a' if no else 'b' if no else 'c' }}
{{ 'concat' ~ 1 ~ none ~ true ~ 2.5 ~ [1] }}
{{ items[0] }} {{ items[-1] }} {{ items[1:] }} {{ items[:-1] }} {{ items[::-1] }} {{ items[::2] }} {{ items[5:] }} {{ items[-2:1] }} {{ items[::-2] }}
{{ name[0] }} {{ name[-1] }} {{ name[1:] }} {{ name[::-1] }} {{ emoji[1] }} {{ emoji[::-1] }} {{ emoji | length }} {{ emoji[1:2] }} {{ name[10] }} {{ emoji[2:] }}
{{ user.name }} {{ user['name'] }} {{ user.address.city }} {{ user['address']['city'] }} {{ user.tags.0 }} {{ user.get('name') }} {{ user.get('zip', 'none') }} {{ user.get('zip') }}
{{ user.items() | list }} {{ user.keys() | list }} {{ user.values() | list }}
{% for k, v in user.items() %}{{ k }}={{ v }};{% endfor %}
{% for k in user %}{{ k }} {% endfor %}
{{ user.update({'a': 1}) }}
{{ items.append(1) }}
{% for i in items %}{{ loop.index }}/{{ loop.index0 }}/{{ loop.revindex }}/{{ loop.revindex0 }}/{{ loop.first }}/{{ loop.last }}/{{ loop.length }}/{{ loop.previtem }}/{{ loop.nextitem }}/{{ loop.cycle('a', 'b') }};{% endfor %}
{% for i in items %}{{ i }}{% else %}none{% endfor %}{% for i in [] %}{{ i }}{% else %}none{% endfor %}{% for i in missing %}x{% else %}gone{% endfor %}
{% for i in range(10) if i is even %}{{ i }}({{ loop.length }}){% endfor %}
{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% for a, b in [(1, 2), (3, 4)] %}{{ a }}-{{ b }} {% endfor %}{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}
{% for c in 'a👋b' %}[{{ c }}]{% endfor %}
{% for i in n %}{% endfor %}
{% for x in nested recursive %}{% if x is iterable %}<{{ loop(x) }}>{% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}
{% for i in [1, 1, 2, 2] %}{% if loop.changed(i) %}{{ i }}{% endif %}{% endfor %}
{% set a = 1 %}{% for i in [1, 2] %}{% set a = a + i %}{{ a }} {% endfor %}{{ a }}
{% set ns = namespace(total=0, found=false) %}{% for i in items %}{% set ns.total = ns.total + i %}{% endfor %}{{ ns.total }} {{ ns.found }} {{ ns.missing is defined }}
{% set user.name = 'x' %}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t = 1, 2 %}{{ t }}
{% set block %}inner {{ name }}{% endset %}[{{ block }}]{% set up | upper %}inner {{ name }}{% endset %}[{{ up }}]
{% if yes %}A{% elif no %}B{% else %}C{% endif %}{% if no %}A{% elif yes %}B{% else %}C{% endif %}{% if no %}A{% elif no %}B{% else %}C{% endif %}
{% if yes %}{% set inside = 5 %}{% endif %}{{ inside }}
{% macro greet(who, mark='!', times=2) %}Hi {{ who }}{{ mark * times }}{% endmacro %}{{ greet('Bo') }} {{ greet('Bo', '?') }} {{ greet(who='Cy', times=1) }} {{ greet() }}
{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, k=4) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}
{% macro box(title) %}[{{ title }}: {{ caller() }}]{% endmacro %}{% call box('t') %}body {{ name }}{% endcall %}
{% macro each(xs) %}{% for x in xs %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(v) each(items) %}<{{ v }}>{% endcall %}
{% macro fact(k) %}{% if k < 2 %}1{% else %}{{ k * (fact(k - 1) | int) }}{% endif %}{% endmacro %}{{ fact(6) }}
{% macro outer() %}{{ later }}{% endmacro %}{% set later = 'now' %}{{ outer() }}
{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}
{% filter upper %}shout {{ name }}{% endfilter %}
{% raw %}{{ not }} {% a %}{% endraw %}!
a{# comment #}b{#- strip -#} c
{{ text | trim }}|{{ text | trim('! \n') }}|{{ text | length }}|{{ text | upper }}|{{ text | lower }}|{{ text | title }}|{{ text | capitalize }}
{{ text.strip() }}|{{ text.lstrip() }}|{{ text.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'xxaxx'.lstrip('x') }}|{{ 'xxaxx'.rstrip('x') }}
{{ 'a,b,,c'.split(',') }} {{ 'a,b,,c'.split(',', 1) }} {{ ' a  b c '.split() }} {{ ' a  b c '.split(none, 1) }} {{ 'a b c'.rsplit(' ', 1) }} {{ ' a  b c '.rsplit(none, 1) }} {{ ''.split(',') }} {{ ''.split() }} {{ ' a  b c '.rsplit() }} {{ 'a,b,c'.rsplit(',', 5) }}
{{ 'a'.split('') }}
{{ text.splitlines() }} {{ 'a\r\nb\rc'.splitlines(true) }}
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('bc') }} {{ 'abc'.startswith(('x', 'a')) }} {{ 'abc'.startswith('b', 1) }} {{ 'abc'.endswith('b', 0, 2) }}
{{ 'a-b-c'.replace('-', '+') }} {{ 'a-b-c'.replace('-', '+', 1) }} {{ 'abc' | replace('b', 'X') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 'ab'.replace('', '.') }} {{ 'ab'.replace('', '.', 2) }}
{{ 'abcabc'.find('c') }} {{ 'abcabc'.rfind('c') }} {{ 'abc'.find('z') }} {{ 'abcabc'.count('b') }} {{ 'abc'.index('b') }} {{ 'a👋bc'.find('b') }} {{ 'abcabc'.find('c', 3) }} {{ 'aaa'.count('aa') }} {{ 'aaa'.count('') }}
{{ 'abc'.index('z') }}
{{ 'hello world'.title() }} {{ "it's a-b" | title }} {{ "it's".title() }} {{ 'aBC'.capitalize() }} {{ 'aBc'.swapcase() }} {{ 'abc'.upper().lower() }}
{{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'AB'.isupper() }} {{ 'ab'.islower() }} {{ ''.isdigit() }} {{ 'é'.isascii() }}
{{ ','.join(['a', 'b']) }} {{ 'abc'.center(9, '*') }} {{ 'abcd'.center(9, '*') }} {{ 'ab'.ljust(5) }}| {{ 'ab'.rjust(5, '.') }} {{ '-5'.zfill(4) }} {{ '5'.zfill(3) }} {{ 'abc' | center(8) }}|
{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.partition('=') }} {{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }}
{{ '{} {}'.format(1, 'b') }} {{ '{1} {0}'.format('a', 'b') }} {{ '{a} {b!r}'.format(a=1, b='x') }} {{ '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}|{:,}|{:x}|{:+d}|{:e}|{:g}|{:%}'.format('a', 'b', 'c', 42, 3.14159, 1234567, 255, 5, 12345.678, 0.0001, 0.25) }} {{ '{{}}'.format() }} {{ '{0.name} {0[age]}'.format(user) if false else '' }}{{ '{0[age]}'.format(user) }} {{ '{:*^7}'.format('ab') }} {{ '{:08.3f}'.format(-3.14159) }}
{{ '%s is %d years, %.1f%%' % ('Bo', 30, 99.5) }} {{ '%5s|%-5s|%05d|%x|%r' % ('a', 'b', 42, 255, 'q') }} {{ '%s' | format('x') }} {{ '%(a)s' | format(a=1) }} {{ '%e %g %g' % (12345.678, 1000000.0, 0.00001) }} {{ '%+d % d' % (5, 5) }} {{ '%c%c' % ('a', 98) }} {{ '%s' % [1] }}
{{ '%d' % 'a' }}
{{ '%s %s' % 'a' }}
{{ '%s' % ('a', 'b') }}
{{ user | tojson }} {{ user | tojson(indent=2) }} {{ items | tojson(indent=4) }} {{ [] | tojson(indent=2) }} {{ {} | tojson(indent=2) }} {{ [[], {}] | tojson(indent=1) }}
{{ {'b': 1, 'a': [none, true, 1.5]} | tojson(sort_keys=true) }} {{ {'b': 1} | tojson(separators=(',', ':')) }} {{ 'é\u2028"\\\n\t\x01👋' | tojson }} {{ 'é👋\x7f' | tojson(ensure_ascii=true) }} {{ (1, 2) | tojson }} {{ {1: 2, none: 3, true: 4, 1.5: 5} | tojson }}
{{ missing | tojson }}
{{ words | join(', ') }} {{ items | join }} {{ people | join(',', attribute='name') }} {{ [1, none, 'a', 2.0] | join('-') }}
{{ items | first }} {{ items | last }} {{ [] | first }} {{ name | first }} {{ name | last }} {{ items | length }} {{ user | length }} {{ items | count }} {{ user | first }} {{ user | last }}
{{ n | length }}
{{ items | sort }} {{ items | sort(reverse=true) }} {{ words | sort }} {{ words | sort(case_sensitive=true) }} {{ people | sort(attribute='age') | map(attribute='name') | list }} {{ people | sort(attribute='on,name') | map(attribute='name') | list }} {{ people | sort(attribute='on', reverse=true) | map(attribute='name') | list }}
{{ [1, 'a'] | sort }}
{{ user | dictsort }} {{ {'b': 1, 'A': 2, 'c': 0} | dictsort }} {{ {'b': 1, 'A': 2, 'c': 0} | dictsort(true) }} {{ {'b': 1, 'A': 2, 'c': 0} | dictsort(false, 'value') }} {{ {'b': 1, 'a': 2} | dictsort(reverse=true) }}
{{ words | unique | list }} {{ words | unique(case_sensitive=true) | list }} {{ [1, 1.0, true, 2] | unique | list }} {{ people | unique(attribute='on') | map(attribute='name') | list }}
{{ items | sum }} {{ people | sum(attribute='age') }} {{ [1.5, 2] | sum(start=10) }} {{ [] | sum }} {{ items | min }} {{ items | max }} {{ words | min }} {{ people | max(attribute='age') }} {{ [] | max }}
{{ items | reverse | list }} {{ name | reverse }} {{ items | list }} {{ 'abc' | list }} {{ user | list }}
{{ words | map('upper') | list }} {{ words | map('replace', 'a', 'b') | join(',') }} {{ people | map(attribute='name') | join(',') }} {{ people | map(attribute='zip', default='-') | join(',') }} {{ nested | map('length') | list }} {{ people | map(attribute='name') | map('lower') | select('in', ['bo', 'al']) | list }}
{{ [1, 2, 3, 4] | select('even') | list }} {{ [1, 2, 3, 4] | reject('even') | list }} {{ [0, 1, '', 'a', none] | select | list }} {{ [0, 1] | reject | list }} {{ items | select('gt', 1) | list }} {{ items | reject('equalto', 1) | list }} {{ [1, 2, 3] | select('divisibleby', 3) | list }}
{{ people | selectattr('on') | map(attribute='name') | list }} {{ people | rejectattr('on') | map(attribute='name') | list }} {{ people | selectattr('age', '>', 22) | map(attribute='name') | list }} {{ people | selectattr('name', 'equalto', 'Bo') | list | length }} {{ people | rejectattr('zip', 'defined') | list | length }} {{ messages | selectattr('role', 'in', ['user', 'assistant']) | map(attribute='content') | list }}
{{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, '-') | list }} {{ [1, 2, 3, 4, 5] | slice(2) | list }} {{ [1, 2, 3, 4, 5] | slice(3, 'x') | list }}
{{ missing | default('d') }} {{ none | default('d') }} {{ '' | default('d', true) }} {{ missing | d }} {{ user.zip | default('no zip') }} {{ 0 | default(5, boolean=true) }}
{{ '42' | int }} {{ '4.9' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ 'ff' | int(base=16) }} {{ '0xff' | int(0, 16) }} {{ 3.9 | int }} {{ -3.9 | int }} {{ true | int }} {{ none | int }} {{ ' 12 ' | int }} {{ '1e3' | int }} {{ '1_000' | int }}
{{ '1.5' | float }} {{ 'x' | float }} {{ 2 | float }} {{ 'x' | float(1.5) }} {{ '1e3' | float }} {{ 'inf' | float }} {{ '-inf' | float }} {{ 'nan' | float }} {{ none | float }}
{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 1.005 | round(2) }} {{ 2.1 | round(method='ceil') }} {{ 2.9 | round(0, 'floor') }} {{ 42 | round }} {{ 1234.5678 | round(-2) }} {{ -2.5 | round }} {{ 0.125 | round(2) }} {{ 9.995 | round(2) }} {{ 99.99 | round(1) }} {{ 2.25 | round(1, 'ceil') }}
{{ -5 | abs }} {{ (-5) | abs }} {{ -2.5 | abs }} {{ n | string + 'x' }} {{ 5 | string | length }} {{ [1] | string }}
{{ '<a href="x">&\'</a>' | escape }} {{ '<b>' | e }} {{ '<b>' | safe }} {{ name | safe }}
{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent(2, blank=true) }}|{{ 'a\nb' | indent('> ') }}|{{ 'a\n' | indent(2) }}|{{ '' | indent }}|{{ 'a\r\nb' | indent(1, first=true) }}
{{ 'the quick brown fox jumps' | truncate(12) }} {{ 'the quick brown fox jumps' | truncate(12, true) }} {{ 'short' | truncate(10) }} {{ 'the quick brown' | truncate(10, false, '…', 0) }} {{ 'one two_three 4' | wordcount }}
{{ user | items | list }} {{ missing | items | list }} {{ user | attr('name') }}
{{ 5 | items | list }}
{{ name is defined }} {{ missing is defined }} {{ missing is undefined }} {{ nothing is none }} {{ name is none }} {{ name is string }} {{ n is number }} {{ x is float }} {{ n is integer }} {{ yes is integer }} {{ yes is number }} {{ yes is boolean }} {{ user is mapping }} {{ items is sequence }} {{ name is sequence }} {{ user is sequence }} {{ n is iterable }} {{ name is iterable }} {{ yes is true }} {{ no is false }} {{ 1 is true }} {{ range is callable }}
{{ 4 is even }} {{ 4 is odd }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ n is eq 7 }} {{ n is equalto(7) }} {{ n is ne 7 }} {{ n is gt 3 }} {{ n is lt(3) }} {{ n is ge 7 }} {{ n is le 6 }} {{ 1 is in [1, 2] }} {{ 'a' is in 'cat' }} {{ name is not string }} {{ not name is string }} {{ 'ABC' is upper }} {{ 'abc' is lower }} {{ none is sameas none }} {{ 'upper' is filter }} {{ 'odd' is test }} {{ 'zzz' is filter }}
{{ 'a' is odd }}
{{ 2.5 is odd }} {{ 3.0 is odd }} {{ 4.0 is even }} {{ 0.5 is divisibleby 0.25 }} {{ no | map('first') | list }} {{ [1, 2] in {'a': 1} if false else 'x' }}
{{ [1] in user }}
{{ n | indent }}
{{ n[1:] }}
{{ 'a' % [1] }}
{{ range(5) | list }} {{ range(2, 5) | list }} {{ range(10, 0, -3) | list }} {{ range(0) | list }} {{ range(5, 2) | list }}
{{ range(1000000) }}
{{ dict(a=1, b='x') }} {{ dict([('k', 1)]) }} {{ {'a': 1}['a'] }} {{ {'a': {'b': [1, {'c': 'deep'}]}}.a.b[1].c }} {{ {1: 'one', 'two': 2}[1] }} {{ {'x': 1,} }} {{ [1, 2,] }}
{% set j = joiner('; ') %}{% for i in items %}{{ j() }}{{ i }}{% endfor %} {% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}
{{ raise_exception('stop here') }}
{{ 'esc: \n\t\\ \' \x41 \u00e9 \101 \q' }} {{ "dq \" '" }} {{ 'a' 'b' "c" }}
{{ [name, quote, both, 'n\n', 'é', '\x00', '\u2028', '\u200b', '👋', '\\'] }}
{{ true }} {{ True }} {{ none }} {{ None }} {{ false }} {{ [true, none, 1.0, 'x'] }}
{{ {'a': 'x}}y'} }} {{ {'a': {'b': 1}} }}{{ '}}' }}{{ "%}" }}
{{ (1 + 2) * 3 }} {{ ((1)) }} {{ 1 if 2 > 1 else 3 }}
{{ messages[0]['role'] }} {{ messages[-1].content }} {{ messages[1:] | length }} {{ (messages | last).role }} {{ messages | map(attribute='role') | join('|') }}
{{ messages[7]['role'] }}
{{ messages[7] is defined }} {{ messages[0].name is defined }} {{ (messages[0].name or 'nobody') }} {{ messages[0]['tool_calls'] is defined and messages[0]['tool_calls'] }}
{{ foo() }}
{{ name() }}
{{ name.missing() }}
{{ name | nofilter }}
{{ name is notest }}
{% unknown %}
{{ name
{% if yes %}open
{% for x in items %}{{ x }}{% endif %}
{{ ) }}
{{ 'open }}
{# open
{{ }}
{{ a b }}
{% set = 1 %}
{% for in items %}{% endfor %}
{% break %}
{{ 1 is is 2 }}
{{ $ }}
{{ greet(1, a=2, 3) }}
{% macro f(a=1, b) %}{% endmacro %}
{% if yes %}{% else %}{% else %}{% endif %}
{{ items | join(',') | upper | trim }} {{ (items | length) - 1 }} {{ items | length - 1 }} {{ items | length == 3 }} {{ items|length>2 and yes }}
{{ '%s' % none }} {{ none ~ '' }} {{ [none] | join }}
{{ items is iterable and items is not mapping }} {{ items is iterable and (items is not string and items is not mapping) }}
{%- for message in messages -%}{{ '<|' + message.role + '|>\n' + message.content | trim + '\n' }}{%- endfor -%}{{ '<|assistant|>' }}
{% set content %}{% if messages[0].content is string %}{{ messages[0].content }}{% endif %}{% endset %}{{ content | trim ~ '!' }}
{% for m in messages if m.role != 'system' %}{{ loop.index }}{{ m.role }}{{ ' ' if not loop.last }}{% endfor %}
{%- set loop_messages = messages[1:] -%}{%- for m in loop_messages -%}{%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('roles must alternate') }}{%- endif -%}{{ m.role }}{%- endfor -%}
{{ 'x' * -1 }}{{ [1] * 0 }}{{ 3 * 'ab' }} {{ 'a' ~ 'b' * 2 }}
{{ 1 + 2 ~ 'x' }}
{{ 10 | string ~ 'x' }} {{ -1 | abs }} {{ -n }} {{ +n }} {{ - - 1 }} {{ 5 - -3 }} {{ not 1 == 2 }}
{{ user.name.upper() | lower }} {{ 'a.b'.split('.')[1] }} {{ ('a' ~ 'b').upper() }} {{ [1, 2, 3][1:][0] }} {{ 'abc'[1:].upper()[0] }}
{{ 1.5 .real if false else 'ok' }} {{ user['na' ~ 'me'] }} {{ items[n - 6] }} {{ items[true] }}
{{ 'ÄÖß'.lower() }} {{ 'äö'.upper() }} {{ 'éa' | capitalize }} {{ "don't stop" | title }} {{ '(a) [b] {c} <d>' | title }}
{{ people | map(attribute='name') | sort | first }} {{ people | selectattr('on', 'true') | map(attribute='age') | sum }} {{ words | map('first') | join }} {{ words | map('length') | max }}
{% set ns = namespace(a=1) %}{% set ns.b = 2 %}{{ ns.a + ns.b }}{% if ns.a == 1 %}{% set ns.a = 'one' %}{% endif %}{{ ns.a }}
{% set items = items + [9] %}{{ items }}{% set user = dict(user, extra=1) %}{{ user.extra }}{{ user | length }}
{{ 99999999999 * 10 }} {{ 7 // 2.0 }} {{ 1e400 }} {{ 2 ** 0.5 }} {{ 10 ** 3 }} {{ 5 % 2.5 }} {{ 0.1 + 0.2 }} {{ 1e16 * 10 }} {{ 123456789012345680.0 }} {{ 1e5 }} {{ 12345.678e-10 }}
'''


MULTILINE = [
    "  {% if yes %}\n    indented\n  {% endif %}\ntail\n  {%- if yes %}\n    minus\n  {%- endif %}\n\n  {{- name -}}\n\nend\n",
    "line\n\t{% if yes -%}\n\n  x\n  {%+ if yes %}plus{% endif +%}\ny\n{% endif %}",
    "a\n  {# gone #}\nb\n  {{ name }}\n  {%- set q = 1 -%}\n  c\n",
    "{% for i in items %}\n{{ i }}\n{% endfor %}\n\n",
    "{% for i in items -%}\n  {{ i }}\n{%- endfor %}\n",
    "a\r\n{% if yes %}\r\nb\r\n{% endif %}\r\nc\r\n",
    "x {% if yes %} y {% endif %} z\n   {% if yes %}q{% endif %}  \nw",
    "{% raw %}\n  {{ x }}\n{% endraw %}\nafter",
    "a {%- raw -%}  {{ x }}  {%- endraw -%}  b",
    "   {% raw %} {% if %} {% endraw %}\n z",
    "{#- a -#}\n\n  text\n{#+ b +#}\nmore",
    "\n\n{{ name }}\n\n",
    "{{- name }}\n{{ name -}}\n   x",
    "{% set a = [\n  1,\n  2\n] %}{{ a }}\n{{ {\n 'k': 'v'\n} }}",
    "{% if yes %}\n{% if yes %}\n  deep\n{% endif %}\n{% endif %}\n",
    "  {{ name }}  {% if yes %}  \n  a  {% endif %}",
    "one\n{{ missing.x }}",
    "{% set x %}\n  block\n{% endset %}\n[{{ x }}]",
    "{% macro m() %}\n  body\n{% endmacro %}\n{{ m() }}|",
    "{{ 'multi\nline' }}{{ 'a\\\nb' }}",
]

cases = []
for source in TEMPLATES.strip("\n").split("\n") + MULTILINE:
    case = {"template": source}
    try:
        case["text"] = env.from_string(source).render(**VARIABLES)
    except Exception as error:  # whatever it raises, we must fail as well
        case["error"] = f"{type(error).__name__}: {error}"
    cases.append(case)

path = pathlib.Path(__file__).with_name("jinja-cases.json")
path.write_text(json.dumps({"variables": VARIABLES, "cases": cases}, ensure_ascii=True, indent=1) + "\n")
print(len(cases), "cases,", sum("error" in case for case in cases), "errors")
