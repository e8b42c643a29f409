/* SPDX-License-Identifier: Apache-2.0
 * One operator's connection to the control socket: lines in, one command at a time, lines out. */
#ifndef TRUNK_CONTROL_CLIENT_H
#define TRUNK_CONTROL_CLIENT_H

#include "control/call.h"

#include <uv.h>

enum {
	CLIENTS_MAX = 16,
	CLIENT_IDLE_MS = 60 * 1000,     /* without a byte while nothing runs */
	CLIENT_WRITE_MS = 30 * 1000,    /* until what was written is taken */
};

struct client;

/* Takes the connection that waits on `listener`; it is closed at once where `is_surplus`. Joins `clients`, leaves it when it
 * closes, and frees itself then. Returns 0, TRUNK_ENOMEM or TRUNK_EIO. */
int client_accept(const struct control_env *env, uv_stream_t *listener, struct list *clients, unsigned *count, bool is_surplus);

/* Cancels what runs and closes. */
void client_close(struct list *link);

#endif
