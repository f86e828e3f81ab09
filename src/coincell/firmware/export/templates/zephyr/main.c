{% set nothing = "silence" if sense == "sound" else "zeros" -%}
/* SPDX-License-Identifier: Apache-2.0
 *
 * The self-test, then one decision on a window of silence. Where sound comes from is the board's:
 * give what its driver delivers to {{ name }}_take, as below.
 */
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include <{{ name }}.h>

/* samples: {{ words.value }}[count]{{ words.whole or ", any count" }}; prints what they decide. */
static int listen(const {{ sample_type }} *samples, int32_t count)
{
	while (count > 0) {
		int32_t taken = 0;
		{{ name }}_decision decision;
		const int made = {{ name }}_take(samples, count, &taken, &decision);

		if (made < 0) {
			return made;
		}
		if (made == 1) {
			char score[{{ upper }}_SCORE_TEXT];

			printk("{{ name }}: %s %s{{ ' %s' if goal != 'classes' }}\n", {{ name }}_label(decision.label),
			       {{ name }}_score_text(&decision, score){{ ', ' ~ upper ~ '_UNIT' if goal != 'classes' }});
		}
		samples += taken;
		count -= taken;
	}
	return 0;
}

int main(void)
{
	static const {{ sample_type }} {{ nothing }}[256];
	int32_t left = {{ upper }}_WINDOW_VALUES;

	printk("%s\n", {{ name }}_manifest());
	printk("{{ name }}: %s\n", {{ name }}_self_test_text({{ name }}_self_test()));
	if ({{ name }}_begin() != 0) {
		printk("{{ name }}: the network does not start\n");
		return 0;
	}
	while (left > 0) {
		const int32_t count = left < 256 ? left : 256;

		if (listen({{ nothing }}, count) != 0) {
			printk("{{ name }}: the network does not run\n");
			return 0;
		}
		left -= count;
	}
	for (;;) {
		k_msleep(1000);
	}
	return 0;
}
