/* SPDX-License-Identifier: Apache-2.0
 * How clearances are made. Of this room only. */
#ifndef TRUNK_LABEL_CLEARANCE_INTERNAL_H
#define TRUNK_LABEL_CLEARANCE_INTERNAL_H

#include "label/label_internal.h"

/* Says what is wrong, for LABEL_WHY_SIZE bytes. */
void why(char *ret_why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Holds nothing. NULL: no memory. */
struct label_clearance *clearance_new(const struct label_policy *policy);

/* Gives what was read; what the policy does not have is counted. */
void clearance_take(struct label_clearance *clearance, const struct values *values);

int clearance_parse_words(const struct label_policies *policies, struct str text, struct label_clearance **ret_clearance,
			  char *ret_why);

#endif
