/* SPDX-License-Identifier: Apache-2.0
 * The dialback secret on disk: state/dialback.secret, mode 0600, written atomically (design.md §6). */
#ifndef TRUNK_DAEMON_SECRET_H
#define TRUNK_DAEMON_SECRET_H

#include "auth/dialback.h"

enum { SECRET_KEEP_MS = 24 * 60 * 60 * 1000 };  /* that the old one stays valid after a rotation */

/* Reads the secret, or makes one where there is none yet. The folder must exist. On failure `why` gets a line for people that
 * names the file. An unreadable or damaged file is an error, never overwritten. Returns 0, TRUNK_EIO, TRUNK_EPERM, TRUNK_EINVAL, TRUNK_ECRYPTO. */
int secret_load(const char *state, int64_t wall_ms, struct dialback_secrets *ret_secrets, struct buf *why);

/* Puts a new secret in place of the current one, which stays valid for SECRET_KEEP_MS. `secret` absent: a random one. On failure
 * nothing changes, neither on disk nor in `secrets`. */
int secret_replace(const char *state, struct str secret, int64_t wall_ms, struct dialback_secrets *secrets, struct buf *why);

#endif
