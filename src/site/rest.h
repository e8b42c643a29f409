/* SPDX-License-Identifier: Apache-2.0
 * Who rests by an operator's word: spokes that are drained, or the whole trunk for new streams. Outlives reloads and, kept in a small
 * file of lines in the state folder, restarts. Changes are made on one thread; who asks may be on any. */
#ifndef TRUNK_SITE_REST_H
#define TRUNK_SITE_REST_H

#include "base/base.h"

#define REST_FILE_NAME "resting"

enum {
	REST_SPOKES_MAX = 1024,
	REST_FILE_BYTES_MAX = 1024 * 1024,
};

struct rest;

struct rest *rest_new(void);            /* NULL: no memory */
void rest_free(struct rest **rest);

/* Reads `folder`/resting, and keeps there what changes from now on. Returns 0, also where nothing was kept; else why it cannot be read (TRUNK_EIO,
 * TRUNK_EINVAL, TRUNK_ENOMEM), and then everybody rests: the trunk is in maintenance and every spoke drained until rest_set_maintenance(false). */
int rest_load(struct rest *rest, const char *folder);
bool rest_is_unknown(struct rest *rest);        /* that is so; false for NULL */

/* What is said of all changes: TRUNK_EIO means that it is in force and could not be written down, so a restart forgets it. */
int rest_set_maintenance(struct rest *rest, bool is_on);
bool rest_is_maintenance(struct rest *rest);    /* false for NULL */

/* A spoke by its name. Each returns 0 or TRUNK_EIO; rest_drain() TRUNK_EEXIST, TRUNK_ELIMIT or TRUNK_ENOMEM; rest_undrain() TRUNK_ENOENT, or
 * TRUNK_EBUSY where it is not known who was drained. */
int rest_drain(struct rest *rest, const char *spoke);
int rest_undrain(struct rest *rest, const char *spoke);
bool rest_has(struct rest *rest, const char *spoke);    /* false for NULL, of both */

/* A copy of the n-th name, which the caller frees; NULL: there are fewer. */
char *rest_name(struct rest *rest, unsigned n);

#endif
