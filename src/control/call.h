/* SPDX-License-Identifier: Apache-2.0
 * One command that runs in the daemon, and the lines that answer it. */
#ifndef TRUNK_CONTROL_CALL_H
#define TRUNK_CONTROL_CALL_H

#include "control/control.h"
#include "control/request.h"

enum {
	REPLY_BYTES_MAX = 8 * 1024 * 1024,      /* of one answer that waits for its reader */
	REASON_BYTES_MAX = 1024,
};

enum call_exit { CALL_DONE = 0, CALL_NO = 1, CALL_USAGE = 2 };

/* The answer: any number of {"row": {...}} lines, then one {"end": {"exit": 0, "result": {...}, "reason": "..."}}. */
struct call {
	const struct control_env *env;
	unsigned uid;                   /* of the operator */
	json_t *request;                /* owned */
	const struct command *command;
	struct buf out;                 /* whole lines that wait to be written */
	void (*flush)(struct call *call);       /* `out` has grown and the command goes on: NULL where nobody cares */
	bool is_cut;                    /* rows were left out: REPLY_BYTES_MAX */
	bool is_ended;
	enum call_exit exit;
	struct trace *trace;            /* that runs; NULL: none */
	struct probe *probe;            /* that runs, or has told its last step and still has to be freed; NULL: none */
	const char *failed_step;        /* of the probe, where its last step was not good; static; NULL: it was */
	char failed_text[REASON_BYTES_MAX];
};

struct command {
	const char *name;
	void (*run)(struct call *call);         /* ends the call, or begins what ends it */
	bool is_change;                 /* leaves an audit record with the operator's uid */
	struct request_key keys[5];
};

/* Frees what an ended command left behind; not from within its callbacks. */
void call_clear(struct call *call);

/* Starts the command of `line` (without its line feed). What can't be started is ended at once with CALL_USAGE. */
void call_begin(struct call *call, struct str line);

/* Ends what runs, without an answer; the call may be used for the next line. */
void call_cancel(struct call *call);

/* Adds a row; takes `row`, NULL meaning that there was no memory for it. */
void call_row(struct call *call, json_t *row);

/* Ends the call. Takes `result` (NULL: none); `reason` may be NULL. */
void call_end(struct call *call, enum call_exit exit, json_t *result, const char *reason);
void call_endf(struct call *call, enum call_exit exit, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Calls `fn` for each worker (control.h). */
void env_each_worker(const struct control_env *env, control_worker_fn *fn, void *ctx);

/* The commands of the daemon; NULL: no such one. */
const struct command *command_find(struct str name);

/* Ends a trace without an answer, and records its end. */
void trace_cancel(struct trace **trace);

/* report.c, spokes.c, change.c, queue.c, rest.c, secret.c, probe.c, trace.c, policy.c */
void command_status(struct call *call);
void command_spokes(struct call *call);
void command_streams(struct call *call);
void command_blocks(struct call *call);
void command_failures(struct call *call);
void command_reload(struct call *call);
void command_close(struct call *call);
void command_block(struct call *call);
void command_unblock(struct call *call);
void command_queue(struct call *call);
void command_queue_change(struct call *call);
void command_drain(struct call *call);
void command_undrain(struct call *call);
void command_maintenance(struct call *call);
void command_secret(struct call *call);
void command_secret_id(struct call *call);
void command_probe(struct call *call);
void command_trace(struct call *call);
void command_rules(struct call *call);
void command_explain(struct call *call);

#endif
