/* SPDX-License-Identifier: Apache-2.0
 * How many stanzas the spool takes, gives and forgets in a second on the disk of a folder.
 *
 *   micro_spool FOLDER [STANZAS [BYTES]]
 *
 * Prints: stanzas put and made durable a second, how many a sync, the longest wait of one from put to durable, then read and removed a second. */
#include "spool/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = 16, STANZAS = 500000, STANZA_BYTES = 1024, IN_FLIGHT = 8192 };

struct run {
	struct loop *loop;
	struct spool *spool;
	struct timer again;
	unsigned stanzas, put, durable;
	struct str stanza;
	double worst_ms;
	double *put_at;
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct domain_pair pair_of(unsigned i, char text[64])
{
	const int len = snprintf(text, 64, "sender%u.example", i % PAIRS);

	return (struct domain_pair){.sender = str_make(text, (size_t)len), .target = STR("target.example")};
}

static void put_more(void *ctx)
{
	struct run *run = ctx;
	char text[64];
	uint64_t id;

	while (run->put < run->stanzas && run->put - run->durable < IN_FLIGHT) {
		const struct domain_pair pair = pair_of(run->put, text);
		const struct spool_token token = {.word = {run->put}};

		run->put_at[run->put] = now_s();
		if (spool_put(run->spool, &pair, run->stanza, PROOF_EXTERNAL, &token, &id) < 0)
			break;
		run->put++;
	}
}

static void on_durable(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token)
{
	struct run *run = ctx;
	const double wait_ms = (now_s() - run->put_at[token->word[0]]) * 1000;

	(void)pair;
	(void)id;
	run->durable++;
	if (wait_ms > run->worst_ms)
		run->worst_ms = wait_ms;
	if (run->durable == run->stanzas)
		loop_stop(run->loop);
	else if (!run->again.loop)
		timer_start(run->loop, &run->again, 0, put_more, run);
}

static void on_failed(void *ctx, const struct domain_pair *pair, uint64_t id, const struct spool_token *token, struct str bytes, enum proof proof_in,
		      int err)
{
	(void)ctx;
	(void)pair;
	(void)id;
	(void)token;
	(void)bytes;
	(void)proof_in;
	fprintf(stderr, "micro_spool: %s\n", error_text(err));
	exit(1);
}

static void take_all(struct run *run)
{
	struct spool_stanza stanza;
	struct buf out = {0};
	double begin = now_s();
	char text[64];

	for (unsigned i = 0; i < PAIRS; i++) {
		const struct domain_pair pair = pair_of(i, text);

		while (spool_next(run->spool, &pair, 0, &stanza)) {
			buf_clear(&out);
			if (spool_read(run->spool, &pair, stanza.id, &out) < 0)
				exit(1);
			spool_remove(run->spool, &pair, stanza.id);
		}
	}
	printf("read and removed: %.0f/s\n", run->stanzas / (now_s() - begin));
	buf_fini(&out);
}

int main(int argc, char **argv)
{
	static const struct spool_handler handler = {.durable = on_durable, .failed = on_failed};
	const size_t bytes = argc > 3 ? strtoul(argv[3], NULL, 10) : STANZA_BYTES;
	struct run run = {.stanzas = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : STANZAS};
	struct spool_options options = {.folder = argc > 1 ? argv[1] : NULL, .size_bytes = 4ull * 1024 * 1024 * 1024};
	struct spool_store *store;
	struct spool_use use;
	char *stanza = malloc(bytes);
	double begin;

	if (!options.folder || !stanza || !(run.put_at = calloc(run.stanzas, sizeof(double))) || !(run.loop = loop_new_uv()) ||
	    !(options.log = log_new(LOG_NOTICE, LOG_TEXT, false)) || spool_store_open(&options, &store) < 0)
		return 2;
	memset(stanza, 'x', bytes);
	run.stanza = str_make(stanza, bytes);
	run.spool = spool_new(store, run.loop, &handler, &run);
	begin = now_s();
	put_more(&run);
	loop_run(run.loop);
	use = spool_use(run.spool);
	printf("durable: %.0f/s of %zu bytes, %.0f for each sync, longest wait %.1f ms, %u files\n", run.stanzas / (now_s() - begin), bytes,
	       (double)use.puts / (double)use.batches, run.worst_ms, use.files);
	take_all(&run);
	timer_stop(&run.again);
	spool_free(&run.spool);
	spool_store_free(&store);
	loop_free(&run.loop);
	log_free(&options.log);
	free(run.put_at);
	free(stanza);
	return 0;
}
