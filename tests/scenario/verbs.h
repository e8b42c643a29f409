/* SPDX-License-Identifier: Apache-2.0
 * What the statements of a scenario do. */
#ifndef TRUNK_SCENARIO_VERBS_H
#define TRUNK_SCENARIO_VERBS_H

#include "match.h"
#include "world.h"

/* One statement as it is carried out. */
struct step {
	struct world *world;
	const struct statement *statement;
	struct words words;
	unsigned from;                  /* word of the verb: those before it are "after 30s" and the like */
	struct peer *peer;              /* the statement is about; NULL: about no peer */
	const char *stream;             /* its stream by name; "" the one without a name */
	bool has_stream;                /* a name was given */
};

/* Carries out one statement. Returns 0, or -1 with world->failure written. */
int step_run(struct world *world, const struct statement *statement);

/* verbs_peer.c: what peers do. `step->words.at[step->from]` is the verb. */
int step_peer_does(struct step *step);

/* verbs_prove.c: dialback and EXTERNAL as steps of a script. Both expect the outcome that is written. */
int step_opens(struct step *step);
int step_proves(struct step *step);
int step_does_its_best(struct step *step);

/* verbs_see.c: what is expected. */
int step_receives(struct step *step);
int step_stream_is(struct step *step);          /* NAME's stream|link is … */
int step_log(struct step *step, bool verdicts_alone);
int step_streams(struct step *step);

/* verbs_queue.c: queues and disk. Returns 0, -1 with the failure noted, or 1: not one of its verbs. */
int step_queue(struct step *step);

/* The stream that a step means: by its name, or `on its link`. NULL with the failure noted. */
struct peer_stream *step_stream(struct step *step);
struct peer_stream *peer_link(struct peer *peer);       /* the newest that the trunk sends stanzas on; NULL: none */

#define STEP_WORD(step, i) ((step)->from + (i) < (step)->words.count ? (step)->words.at[(step)->from + (i)] : STR(""))
#define STEP_IS(step, i, text) word_is(&(step)->words, (step)->from + (i), (text))

#endif
