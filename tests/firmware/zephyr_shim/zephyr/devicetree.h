/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIM_ZEPHYR_DEVICETREE_H
#define SHIM_ZEPHYR_DEVICETREE_H

#define DT_CHOSEN(name) SHIM_CHOSEN_##name
#define SHIM_CHOSEN_zephyr_console 0

#endif
