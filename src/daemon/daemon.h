/* SPDX-License-Identifier: Apache-2.0
 * The running daemon, for the files of this room alone. */
#ifndef TRUNK_DAEMON_DAEMON_H
#define TRUNK_DAEMON_DAEMON_H

#include "control/control.h"
#include "daemon/secret.h"
#include "daemon/trunk.h"
#include "daemon/workers.h"

enum { LISTENERS_MAX = 64 };

/* What a listener's peers are taken for; stays where it is while the list of listeners moves. */
struct accept_point {
	struct inbound *inbound;
	bool is_direct;
};

struct daemon_listener {
	struct endpoint at;
	struct accept_point *point;     /* owned */
	struct listener *listener;
};

struct daemon {
	const char *file;               /* of the configuration */
	struct log *log;
	struct loop *loop;
	struct net *net;
	struct dns *dns;
	struct audit_store *audit_store;        /* NULL: nothing is kept, in no way */
	struct audit *audit;            /* front-end of the first loop, and of the operators */
	struct blocks *blocks;
	struct tap *tap;
	struct rest *rest;
	struct spool_store *spool;      /* NULL: its folder cannot be used, and nobody's custody asks for it */
	struct dialback_secrets secrets;
	struct trunk_shared *shared;    /* of the trunks of all workers */
	struct trunk *trunk;            /* of the first, on the main thread: loop, net, dns, audit and secrets above are its own, too */
	struct workers *workers;        /* the others; NULL: none */
	int64_t drain_until_ms;         /* while stopping */
	struct control *control;
	struct daemon_listener listeners[LISTENERS_MAX];
	unsigned listener_count;
	struct timer watch, trim;
	size_t trimmed_bytes;           /* of the heap in use when it was last trimmed */
	int64_t loaded_wall_ms;
	bool is_stopping;
};

/* start.c */
int daemon_start(struct daemon *daemon, struct config *config, struct tls_store *store);
void daemon_end(struct daemon *daemon);                 /* behind workers_stop(); the loop ends afterwards */

/* listen.c: opens what `config` names and is not open, and afterwards closes what it doesn't name. All or nothing. */
int daemon_listen(struct daemon *daemon, const struct config *config, struct buf *why);
int daemon_adopt(struct daemon *daemon, const struct config *config);   /* systemd's sockets */
void daemon_unlisten(struct daemon *daemon);

/* reload.c */
int daemon_reload(void *daemon, struct buf *why);       /* fits control_reload_fn */
int daemon_load_store(struct log *log, const struct config *config, int64_t wall_ms, struct tls_store **ret_store);
int daemon_new_dns(struct loop *loop, const struct config *config, struct dns **ret_dns, struct buf *why);
void daemon_watch(struct daemon *daemon);               /* certificate files and ends */
void daemon_log_problem(void *log, const struct config_problem *problem);

/* resources.c */
void daemon_set_heap(void);
void daemon_raise_files(struct log *log);               /* as many descriptors as the hard limit allows */
void daemon_trim(struct daemon *daemon);                /* from now on gives the heap's unused pages back now and then */

/* spool.c: opens the spool in the state folder. Where that fails it is an error only if some custody is `disk`. */
int daemon_open_spool(struct daemon *daemon, const struct config *config, struct buf *why);
int daemon_reload_spool(struct daemon *daemon, const struct config *config, struct buf *why);

/* drop.c: from root to `user`, once everything that needs root is open. */
int daemon_prepare_state(const struct config *config, struct buf *why);
int daemon_drop(const struct config *config, struct log *log, struct buf *why);
void daemon_enter_sandbox(const struct config *config, struct log *log);       /* last of all; for good */

#endif
