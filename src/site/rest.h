/* SPDX-License-Identifier: Apache-2.0
 * Who rests by an operator's word: spokes that are drained, or the whole trunk for new streams. Outlives a reload, not a restart. Any thread. */
#ifndef TRUNK_SITE_REST_H
#define TRUNK_SITE_REST_H

#include "base/base.h"

enum { REST_SPOKES_MAX = 1024 };

struct rest;

struct rest *rest_new(void);            /* NULL: no memory */
void rest_free(struct rest **rest);

void rest_set_maintenance(struct rest *rest, bool is_on);
bool rest_is_maintenance(struct rest *rest);    /* false for NULL */

/* A spoke by its name. Each returns 0; rest_drain() TRUNK_EEXIST, TRUNK_ELIMIT or TRUNK_ENOMEM; rest_undrain() TRUNK_ENOENT. */
int rest_drain(struct rest *rest, const char *spoke);
int rest_undrain(struct rest *rest, const char *spoke);
bool rest_has(struct rest *rest, const char *spoke);    /* false for NULL, of both */

/* A copy of the n-th name, which the caller frees; NULL: there are fewer. */
char *rest_name(struct rest *rest, unsigned n);

#endif
