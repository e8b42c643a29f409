/* SPDX-License-Identifier: Apache-2.0
 * One Lua script: its text, shared by all workers, and one worker's state of it. */
#ifndef TRUNK_FILTER_SCRIPT_H
#define TRUNK_FILTER_SCRIPT_H

#include "filter/filter.h"
#include "filter/limit.h"

struct lua_State;

enum {
	SCRIPT_LOAD_MS = 1000,          /* what running a script once, to define its functions, may take */
	SCRIPT_WHY_SIZE = 512,
	SCRIPT_REBUILD_SHARE = 20,      /* rebuilding takes one part in so many of the time at most */
	SCRIPT_LOG_LINES = 10,          /* lines that a filter may log in a minute */
};

/* How much may be logged. */
struct log_allowance {
	int64_t minute;                 /* of the monotonic clock; 0: none yet */
	unsigned lines, withheld;       /* in that minute */
};

/* Whether one more line may be written; the number of those that were withheld before it. Reads the clock. */
bool log_allowance_take(struct log_allowance *allowance, unsigned *ret_withheld);

/* As it was read. Immutable. */
struct script_text {
	struct str bytes;               /* owned */
	char chunk[64];                 /* how Lua's messages name it: the file's name without its folder */
};

/* What runs it. Owned by a set; one thread. */
struct script {
	const struct filter_source *source;     /* borrowed */
	const struct script_text *text;         /* borrowed */
	struct log *log;
	struct lua_State *lua;          /* NULL: to be made */
	struct limit limit;
	bool is_broken;                 /* to be made anew before its next run */
	bool is_loading;                /* the script is run once to define its functions */
	int64_t built_ns, build_ns;     /* when the state was made, by the thread's time, and how long that took */
	int64_t (*cpu_ns)(void);
	struct log_allowance says;      /* lines that the script writes */

	const struct filter_view *view; /* within a run */
	unsigned run;                   /* counts runs: what a script kept from another run is of no more use */
	struct arena scratch;           /* within a run */
	struct buf out, folded;         /* within one function: their memory survives errors, which jump */
	char why[SCRIPT_WHY_SIZE];
};

/* `cpu_ns` NULL: the thread's processor time. */
void script_begin(struct script *script, const struct filter_source *source, const struct script_text *text, struct log *log,
		 int64_t (*cpu_ns)(void));
void script_end(struct script *script);

/* Makes the state if there is none, and runs the script once. False: script->why says what is wrong, as CHUNK:LINE: … */
bool script_build(struct script *script);

/* Asks it for one stanza, making or rebuilding the state where that is due. */
void script_run(struct script *script, const struct filter_view *view, struct filter_answer *ret_answer);

#endif
