/* SPDX-License-Identifier: Apache-2.0
 * The operator's program: its options, its table of commands, and how they print. Of trunkctl only. */
#ifndef TRUNK_CONTROL_TRUNKCTL_H
#define TRUNK_CONTROL_TRUNKCTL_H

#include "config/config.h"

#include <jansson.h>
#include <stdio.h>

#define CTL_CONFIG_DEFAULT "/etc/trunkd/trunkd.yaml"
#define CTL_SOCKET_DEFAULT "/run/trunkd/control.sock"

enum {
	CTL_ARGS_MAX = 256,
	CTL_OPTIONS_MAX = 8,
	CTL_ANSWER_MS = 60 * 1000,              /* without a line from the daemon */
	CTL_LINE_BYTES_MAX = 16 * 1024 * 1024,  /* of one line from the daemon */
};

enum ctl_exit { CTL_YES = 0, CTL_NO = 1, CTL_USAGE = 2, CTL_UNREACHABLE = 3 };

struct ctl;

/* An option of one command; a list of them ends with a NULL name. */
struct ctl_option {
	const char *name;               /* "--as" */
	const char *value;              /* what to call its value in the help; NULL: it has none */
	const char *sentence;
};

struct ctl_command {
	const char *name;
	const char *arguments;          /* for the help: "DOMAIN|ADDRESS" */
	const char *sentence;
	enum ctl_exit (*run)(struct ctl *ctl);
	int least, most;                /* arguments */
	const char *words;              /* that may stand as first argument, for completion; NULL: anything */
	struct ctl_option options[CTL_OPTIONS_MAX];
};

/* One run of the program. All strings are borrowed from the command line. */
struct ctl {
	const char *config;             /* -c */
	const char *socket;             /* -s; NULL: as the configuration says */
	bool is_json;
	FILE *out, *err;
	int64_t wall_ms;
	int answer_ms;                  /* how long the daemon may say nothing; 0: CTL_ANSWER_MS */
	const struct ctl_command *command;
	int count;
	const char *args[CTL_ARGS_MAX];
	const char *values[CTL_OPTIONS_MAX]; /* of command->options; "" where an option without value is set; NULL: not set */
};

/* All of main() but the streams. */
enum ctl_exit ctl_main(int argc, const char *const *argv, FILE *out, FILE *err);

/* The commands; a NULL name ends them. */
extern const struct ctl_command ctl_commands[];
const struct ctl_command *ctl_command_find(const char *name);

/* The value of an option of this command; NULL: not set. */
const char *ctl_value(const struct ctl *ctl, const char *name);

/* "trunkctl: ..." on the error stream, escaped for terminals. Each returns what its name says. */
enum ctl_exit ctl_no(struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum ctl_exit ctl_usage(struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ctl_warn(struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes bytes that are fit for a terminal already. */
void ctl_write(FILE *out, struct str text);

/* The configuration of -c. NULL: it has errors, which have been printed. The caller frees it. */
struct config *ctl_config(struct ctl *ctl);

/* A whole file of at most `limit` bytes. Returns 0, TRUNK_ENOENT, TRUNK_EPERM, TRUNK_EIO, TRUNK_ELIMIT, TRUNK_ENOMEM; the
 * caller ends the buffer. */
int ctl_read_file(const char *path, size_t limit, struct buf *out);

/* ---- printing (trunkctl_print.c) ---- */

struct column {
	const char *title, *key;
	bool is_number;                 /* stands to the right */
};

/* Rows of objects under titles; a NULL title ends the columns. */
void print_table(FILE *out, const json_t *rows, const struct column *columns);

/* One line a key. */
void print_object(FILE *out, json_t *object);

/* One JSON value in ASCII; on one line where `is_line`. */
void print_json(FILE *out, const json_t *value, bool is_line);

/* A value for people, escaped: null is "-", lists are joined. */
int print_value(struct buf *out, const json_t *value);

/* ---- asking the daemon (trunkctl_daemon.c) ---- */

/* What ended an answer. */
struct answer {
	enum ctl_exit exit;
	json_t *result;                 /* owned; NULL: none */
	char *reason;                   /* owned; NULL: none */
};

typedef void daemon_row_fn(void *ctx, json_t *row);    /* borrowed for the call */

/* Sends `request` (taken) and reads the answer. What goes wrong on the way is printed, and ret_answer->exit is
 * CTL_UNREACHABLE then. */
void daemon_ask(struct ctl *ctl, json_t *request, daemon_row_fn *row, void *ctx, struct answer *ret_answer);
void answer_fini(struct answer *answer);

/* Says why not; the result as JSON, or by `print`. */
void answer_print(struct ctl *ctl, const struct answer *answer, void (*print)(struct ctl *ctl, const json_t *result));

/* ---- the commands ---- */

enum ctl_exit ctl_status(struct ctl *ctl);
enum ctl_exit ctl_spokes(struct ctl *ctl);
enum ctl_exit ctl_streams(struct ctl *ctl);
enum ctl_exit ctl_blocks(struct ctl *ctl);
enum ctl_exit ctl_failures(struct ctl *ctl);
enum ctl_exit ctl_probe(struct ctl *ctl);
enum ctl_exit ctl_trace(struct ctl *ctl);
enum ctl_exit ctl_rules(struct ctl *ctl);
enum ctl_exit ctl_explain(struct ctl *ctl);
enum ctl_exit ctl_policy(struct ctl *ctl);
enum ctl_exit ctl_reload(struct ctl *ctl);
enum ctl_exit ctl_close(struct ctl *ctl);
enum ctl_exit ctl_block(struct ctl *ctl);
enum ctl_exit ctl_unblock(struct ctl *ctl);
enum ctl_exit ctl_queue(struct ctl *ctl);
enum ctl_exit ctl_drain(struct ctl *ctl);
enum ctl_exit ctl_undrain(struct ctl *ctl);
enum ctl_exit ctl_maintenance(struct ctl *ctl);
enum ctl_exit ctl_secret(struct ctl *ctl);
enum ctl_exit ctl_audit(struct ctl *ctl);
enum ctl_exit ctl_check(struct ctl *ctl);
enum ctl_exit ctl_show(struct ctl *ctl);
enum ctl_exit ctl_ca(struct ctl *ctl);
enum ctl_exit ctl_guide(struct ctl *ctl);
enum ctl_exit ctl_import(struct ctl *ctl);
enum ctl_exit ctl_help(struct ctl *ctl);
enum ctl_exit ctl_completion(struct ctl *ctl);

#endif
