/* SPDX-License-Identifier: Apache-2.0
 *
 * Every file of core/ begins with this one. It gives each function and table a name that no other
 * library has, so that two such libraries fit into one program; and it asks for the arithmetic that
 * gives the same bits everywhere, since not every build system lets a library bring its flags.
 */
#ifndef COINCELL_{{ upper }}_NAMES_H
#define COINCELL_{{ upper }}_NAMES_H

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off", "no-strict-aliasing")
#ifdef __OPTIMIZE__
#pragma GCC optimize("O2")
#endif
#endif

{% for symbol in symbols -%}
#define {{ symbol }} {{ name }}_core_{{ symbol }}
{% endfor %}
#endif
