/* SPDX-License-Identifier: Apache-2.0 */
#include "{{ name }}.h"

/* JSON in UTF-8; the same as manifest.json. */
static const char text[] =
{{ manifest_rows }};

const char *{{ name }}_manifest(void)
{
    return text;
}
