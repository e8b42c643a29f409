/* SPDX-License-Identifier: Apache-2.0
 * Counted names under a lock. Of this room alone. */
#ifndef TRUNK_SITE_NAMES_H
#define TRUNK_SITE_NAMES_H

#include "base/base.h"

struct names;

struct names *names_new(void);  /* NULL: no memory */
void names_free(struct names **names);
int names_add(struct names *names, struct str name);    /* one more of it: 0 or TRUNK_ENOMEM */
void names_remove(struct names *names, struct str name);        /* one less; no-op where there is none */
unsigned names_count(struct names *names, struct str name);     /* `name` absent: of all together; cheap while there are none */

#endif
