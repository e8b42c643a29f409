/* SPDX-License-Identifier: Apache-2.0
 * Numbers with units, as trunkd.yaml writes them. Pure. */
#ifndef TRUNK_CONFIG_VALUE_H
#define TRUNK_CONFIG_VALUE_H

#include "base/base.h"

enum { VALUE_TEXT_SIZE = 32 };

/* "30s", "5ms", "1h", "30m", "90d", or "0", in milliseconds. Like all here: no sign, blank, fraction or overflow; returns 0 or
 * TRUNK_EINVAL. */
int value_duration(struct str text, uint64_t *ret_ms);

/* "256KiB", "64MiB", "1GiB", or plain bytes. */
int value_size(struct str text, uint64_t *ret_bytes);

/* "10/s", "10/m", "10/h", or "0"; per second. The second takes a size in front: "1MiB/s". */
int value_rate(struct str text, double *ret_per_second);
int value_byte_rate(struct str text, double *ret_bytes_per_second);

/* Back to text, by the largest unit that goes in without a rest. */
void value_show_duration(uint64_t ms, char ret_text[static VALUE_TEXT_SIZE]);
void value_show_size(uint64_t bytes, char ret_text[static VALUE_TEXT_SIZE]);

#endif
