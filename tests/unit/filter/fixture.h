/* SPDX-License-Identifier: Apache-2.0
 * A script from a text, and a stanza to ask it about. */
#ifndef TRUNK_TESTS_FILTER_FIXTURE_H
#define TRUNK_TESTS_FILTER_FIXTURE_H

#include "filter/filters_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* What a script and a stanza come to. Ends with asked_fini(). */
struct asked {
	char folder[64], file[96];
	struct filter_source source;
	struct filters *filters;
	struct filter_set *set;
	struct log *log;
	char problem[2048];             /* of loading; "": none */
	char lines[4096];               /* of the log */
	struct arena arena;             /* of the stanza */
	struct xml_node *tree;
	struct filter_view view;
	struct filter_answer answer;
};

/* A clock that stands still, so that steps alone end a script. */
int64_t still_ns(void);

/* Writes the script and loads it with the default limits, or those set in asked->source before. */
void asked_load(struct asked *asked, const char *script);

/* Asks about the stanza. */
const struct filter_answer *asked_about(struct asked *asked, const char *xml);

/* Both, with a message that has a body. */
const struct filter_answer *ask(struct asked *asked, const char *script);

void asked_fini(struct asked *asked);

/* Whether an answer failed for a reason that has `part` in it. */
bool failed_for(const struct filter_answer *answer, const char *part);

#define MESSAGE "<message from='ann@saturn.example.org/desk' to='bob@mercury.example.net' type='chat' id='m1' xml:lang='en'>"

#endif
