/* SPDX-License-Identifier: Apache-2.0
 * Moments as labels and policies write them. Of this room only. */
#ifndef TRUNK_LABEL_TIME_INTERNAL_H
#define TRUNK_LABEL_TIME_INTERNAL_H

#include "base/base.h"

enum { LABEL_TIME_SIZE = sizeof("2031-01-01T00:00:00Z") };

/* Reads xs:dateTime with a zone ("2031-01-01T00:00:00.5+01:00") or ASN.1 GeneralizedTime in UTC ("20310101000000Z") into
 * milliseconds since 1970 UTC. TRUNK_EINVAL for anything else; a time without a zone might mean anything. */
int label_time_parse(struct str text, int64_t *ret_ms);

/* The same moment as xs:dateTime in whole seconds of UTC. TRUNK_EINVAL: not within the years 1 to 9999. */
int label_time_write(int64_t ms, char ret_text[static LABEL_TIME_SIZE]);

#endif
