/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a configuration, told with its place. */
#ifndef TRUNK_CONFIG_PROBLEM_H
#define TRUNK_CONFIG_PROBLEM_H

#include "config/config.h"

enum {
	PROBLEMS_MAX = 100,             /* told of one load; a closing one says that there are more */
	PROBLEM_BYTES_MAX = 1200,       /* of one message without its place; longer ones are cut */
	PLACE_TEXT_SIZE = 512,
	QUOTE_BYTES_MAX = 80,           /* of a value that a message repeats */
};

/* Where something stands. Lines and columns count from 1 and in characters; 0: unknown. */
struct place {
	const char *file;               /* NULL: unknown */
	unsigned line, column;
};

#define PROBLEM_FORMAT __attribute__((format(printf, 3, 4)))

/* Problems are found in the order of the work and told in the order of the text. */
struct problems {
	unsigned errors, warnings;
	bool is_out_of_memory;          /* sticky: the load ends with TRUNK_ENOMEM */
	unsigned count;
	struct found {
		struct config_problem problem;
		char *text;             /* owned */
		unsigned order;
	} found[PROBLEMS_MAX + 1];
};

/* Keeps one problem; what `place` names has to live until problems_tell(). The place goes in front and control characters are
 * escaped, so values may be repeated as they stand. */
void problem_error(struct problems *problems, struct place place, const char *format, ...) PROBLEM_FORMAT;
void problem_warning(struct problems *problems, struct place place, const char *format, ...) PROBLEM_FORMAT;

/* Tells and forgets all that were found: the file `first` in front of others, each from top to bottom, what has no line at the
 * end. `fn` may be NULL. */
void problems_tell(struct problems *problems, const char *first, config_problem_fn *fn, void *ctx);

/* How a message at `here` names `other`: "line 6", or "conf.d/a.yaml:6" where that is another file. */
struct place_text {
	char at[PLACE_TEXT_SIZE];
};
struct place_text place_other(struct place here, struct place other);

/* The beginning of a value, cut between two characters, for "%.*s" with STR_ARG(). */
struct str quote(struct str value);

#endif
