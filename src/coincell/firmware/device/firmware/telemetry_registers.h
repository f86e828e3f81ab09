/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of the nRF52840 that images with telemetry touch, and no others. Facts of the
 * nRF52840 Product Specification.
 */
#ifndef COINCELL_TELEMETRY_REGISTERS_H
#define COINCELL_TELEMETRY_REGISTERS_H

#include "firmware/nrf52840.h"

/* POWER: why it started, and the warning that power fails; section 5.3 */
#define POWER_RESETREAS REGISTER(0x40000400u) /* a bit is cleared by writing 1 */
#define POWER_RESETREAS_PIN (1u << 0)
#define POWER_RESETREAS_WATCHDOG (1u << 1)
#define POWER_RESETREAS_SOFTWARE (1u << 2)
#define POWER_RESETREAS_LOCKUP (1u << 3)
#define POWER_EVENTS_POFWARN REGISTER(0x40000108u)
#define POWER_POFCON REGISTER(0x40000510u)
#define POWER_POFCON_2V1 (1u | 8u << 1) /* on; a warning below 2.1 V */

/* FICR: what the factory wrote */
#define FICR_DEVICEID(word) REGISTER(0x10000060u + 4u * (word))

/* UICR: words of the customer's, flash that only erasing the whole chip clears; section 4.5 */
#define UICR_CUSTOMER(word) REGISTER(0x10001080u + 4u * (word))

/* NVMC: flash is read, written or erased; section 4.3 */
#define NVMC_READY REGISTER(0x4001E400u)
#define NVMC_CONFIG REGISTER(0x4001E504u)
#define NVMC_CONFIG_READ 0u
#define NVMC_CONFIG_WRITE 1u
#define NVMC_CONFIG_ERASE 2u
#define NVMC_ERASEPAGEPARTIAL REGISTER(0x4001E518u)
#define NVMC_ERASEPAGEPARTIALCFG REGISTER(0x4001E51Cu) /* ms of a part */

#endif
