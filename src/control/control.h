/* SPDX-License-Identifier: Apache-2.0
 * The operator's door: a socket that speaks JSON lines, and its table of commands. */
#ifndef TRUNK_CONTROL_CONTROL_H
#define TRUNK_CONTROL_CONTROL_H

#include "config/config.h"
#include "inbound/inbound.h"

struct control;

/* Adds the reason to `why` on failure. Runs on the loop's thread. */
typedef int control_reload_fn(void *ctx, struct buf *why);

/* The dialback secret: `verb` is "rotate" (a new one; the old one stays valid for 24 h) or "import" (`secret` takes its
 * place). What went wrong is added to `why`. Returns 0 or an error. */
typedef int control_secret_fn(void *ctx, const char *verb, struct str secret, struct buf *why);

/* One attempt to reach a peer that failed; strings are borrowed for the callback. */
struct control_failure {
	int64_t wall_ms;
	struct str sender, target;
	const char *leg, *role, *address;       /* as in struct stream_info */
	const char *step;               /* where it stopped: "dns", "tcp", "tls", … */
	const char *reason;             /* in words, with the way out */
};
typedef void control_failure_fn(void *ctx, const struct control_failure *failure);

/* One worker's rooms; runs on that worker's thread, one after the other, while the control's waits. */
typedef void control_worker_fn(void *ctx, struct inbound *inbound, struct relay *relay);

/* How the commands reach the running daemon; the functions give what is in force now. */
struct control_env {
	struct loop *loop;
	struct log *log;
	struct audit *audit;
	struct blocks *blocks;
	const struct site *site;
	struct inbound *inbound;        /* of the control's own worker */
	struct relay *relay;
	struct tap *tap;                /* where stanzas can be watched; NULL: nowhere */
	const struct config *(*config)(void *ctx);
	control_reload_fn *reload;

	/* Each of these may be NULL: then its command says that this daemon can't do it, or leaves the key out. */
	control_secret_fn *secret;
	void (*failures_each)(void *ctx, control_failure_fn *fn, void *fn_ctx);        /* oldest first */
	void (*each_worker)(void *ctx, control_worker_fn *fn, void *fn_ctx);   /* NULL: there is but this one */
	int64_t (*loaded_ms)(void *ctx);        /* when the configuration was loaded, wall clock */
	void *ctx;
};

/* Opens the socket at `path` (mode 0660, group `group` where not NULL; a stale one is replaced). Copies `env`. The loop must
 * be libuv's. On failure the reason has been logged: TRUNK_EBUSY: another daemon listens there; TRUNK_EEXIST: a file that is
 * no socket is in the way; TRUNK_ENOENT: no such folder or group; TRUNK_EPERM; TRUNK_ELIMIT: path too long; TRUNK_EIO;
 * TRUNK_ENOMEM. Whoever may write to the socket may do everything: the file's mode is the only lock. */
int control_new(const struct control_env *env, const char *path, const char *group, struct control **ret_control);

/* Cancels what runs, closes all clients and removes the socket. The rest goes with the loop's next turn or its end. */
void control_free(struct control **control);

#endif
