{% set nothing = "silence" if sense == "sound" else "zeros" -%}
/* SPDX-License-Identifier: Apache-2.0
 *
 * The self-test, then one decision on a window of silence. Where sound comes from is the board's:
 * give what its driver delivers to {{ name }}_take, as below.
 */
{%- if counts %}
#include <zephyr/device.h>
#include <zephyr/devicetree.h>
#include <zephyr/drivers/hwinfo.h>
#include <zephyr/drivers/uart.h>
{%- endif %}
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include <{{ name }}.h>
{%- if counts %}

#include "bluetooth.h"

/* Which device this is: what the chip's maker wrote; of a chip without it, fill in yours. */
static void begin_counting(void)
{
	uint8_t device[8] = {0};

	(void)hwinfo_get_device_id(device, sizeof(device));
	{{ name }}_count(device, 0);
}

/* Once in {{ report_seconds }} seconds, a report of what was counted. On the console
 * `coincell serial --reports` and `coincell monitor listen` find it among the lines of text.
 */
static void tell_report(void)
{
	static uint8_t frame[{{ upper }}_FRAME_BYTES];

	if (IS_ENABLED(CONFIG_BT)) {
		bluetooth_offer();
		return;
	}
	if (!{{ name }}_report_due()) {
		return;
	}
	const int32_t count = {{ name }}_report_frame(frame);

	for (int32_t i = 0; i < count; i++) {
		uart_poll_out(DEVICE_DT_GET(DT_CHOSEN(zephyr_console)), frame[i]);
	}
}
{%- endif %}

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
{% if counts %}
			tell_report();
{%- endif %}
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
{%- if counts %}
	begin_counting();
	if (IS_ENABLED(CONFIG_BT) && bluetooth_begin() != 0) {
		printk("{{ name }}: Bluetooth does not start\n");
		return 0;
	}
{%- endif %}
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
