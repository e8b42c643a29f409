/* SPDX-License-Identifier: Apache-2.0
 * What the audit costs: a record on the loop's thread and altogether, strict by group commit, and a search among many.
 *
 *   micro_audit FOLDER [RECORDS]        RECORDS of the search, 10,000,000 where nothing is said; the folder must be empty, and is left full */
#include "audit/audit.h"
#include "audit/read.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 2000, STRICT_MS = 4000, STRICT_BATCH = 64, PAIRS = 1000, BODY_BYTES = 1024, MMAP_THRESHOLD_BYTES = 8 * 1024 * 1024 };

static double now(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void must(bool is_so, const char *what)
{
	if (is_so)
		return;
	fprintf(stderr, "micro_audit: %s\n", what);
	exit(1);
}

struct bench {
	struct loop *loop;
	struct log *log;
	struct audit_store *store;
	struct audit *audit;
	char folder[512];
	char body[BODY_BYTES], senders[PAIRS][32], ids[BURST][24];
	struct xml_element element;
	int64_t wall_ms;
};

static void open_store(struct bench *bench, const char *folder, const char *name, enum audit_level level, bool is_strict)
{
	struct audit_store_options options = {.folder = bench->folder, .level = level, .is_strict = is_strict};
	struct buf why = {0};

	snprintf(bench->folder, sizeof(bench->folder), "%s/%s", folder, name);
	must(mkdir(bench->folder, 0700) == 0, "the folder cannot be made; is it empty?");
	must(audit_store_new(&options, bench->log, &why, &bench->store) == 0, "no store");
	must((bench->audit = audit_new(bench->loop, bench->log, bench->store, false)) != NULL, "no front-end");
	buf_fini(&why);
}

static void close_store(struct bench *bench)
{
	audit_free(&bench->audit);
	audit_store_free(&bench->store);
}

static uint64_t record(struct bench *bench, unsigned i, size_t size)
{
	const char *sender = bench->senders[i % PAIRS], *id = bench->ids[i % BURST];
	const struct audit_record record = {
		.wall_ms = bench->wall_ms, .pair = {str_of(sender), STR("mercury.example.net")}, .kind = STANZA_MESSAGE, .type = STR("chat"), .id = str_of(id),
		.size_bytes = size, .decision = i % 97 ? DECISION_PASS : DECISION_REJECT, .rule = "mail out", .proof_in = PROOF_EXTERNAL,
		.proof_out = PROOF_DIALBACK, .element = &bench->element,
	};
	uint64_t seq = 0;

	bench->element.bytes = str_make(bench->body, size);
	while (audit_record(bench->audit, &record, &seq) < 0)
		usleep(1000);
	return seq;
}

/* In bursts, as a loop's wake-ups bring them, so that the window is not what is measured. */
static void bench_append(struct bench *bench, const char *folder, const char *name, enum audit_level level, size_t size, unsigned count)
{
	double front = 0, begun, cpu, wall;

	open_store(bench, folder, name, level, false);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	wall = now(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < count; i += BURST) {
		begun = now(CLOCK_THREAD_CPUTIME_ID);
		for (unsigned j = 0; j < BURST; j++)
			record(bench, i + j, size);
		front += now(CLOCK_THREAD_CPUTIME_ID) - begun;
	}
	audit_store_flush(bench->store);
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("append %-6s %4zu B  %5.0f ns on the loop's thread  %5.0f ns CPU altogether  %9.0f records/s\n", audit_level_text(level), size,
	       front / count * 1e9, cpu / count * 1e9, count / wall);
	close_store(bench);
}

/* As many as there are wait for their records, 16,384 at most: a link's senders. */
static void bench_strict(struct bench *bench, const char *folder)
{
	const double until = now(CLOCK_MONOTONIC) + STRICT_MS / 1000.0;
	uint64_t last = 0;
	unsigned count = 0;

	open_store(bench, folder, "strict", AUDIT_HASH, true);
	while (now(CLOCK_MONOTONIC) < until) {
		while (audit_durable(bench->audit) + 16384 < last)
			usleep(100);
		for (unsigned j = 0; j < STRICT_BATCH; j++)
			last = record(bench, count++, 200);
		loop_advance(bench->loop, loop_now_ms(bench->loop));
	}
	while (audit_durable(bench->audit) < last)
		usleep(100);
	printf("strict hash    200 B  %9.0f records/s durable\n", count / (STRICT_MS / 1000.0));
	close_store(bench);
}

static bool count_entry(void *ctx, const struct audit_entry *entry)
{
	(void)entry;
	++*(unsigned *)ctx;
	return true;
}

static void search(const char *path, const char *what, const struct audit_query *query)
{
	struct audit_reader *reader = NULL;
	struct audit_found found;
	struct buf why = {0};
	unsigned count = 0;
	double begun = now(CLOCK_MONOTONIC);

	must(audit_reader_open(path, &why, &reader) == 0, "the store cannot be read");
	must(audit_reader_search(reader, query, count_entry, &count, &found) == 0, "the search failed");
	audit_reader_close(&reader);
	printf("search %-32s %8u found  %7.1f ms\n", what, count, (now(CLOCK_MONOTONIC) - begun) * 1e3);
	buf_fini(&why);
}

static void bench_search(struct bench *bench, const char *folder, unsigned count)
{
	char path[600];
	struct stat now_stat;
	struct audit_query pair = {.from = STR("s77.example.org"), .to = STR("mercury.example.net")}, day, rare = {.decisions = 1u << DECISION_REJECT, .limit = 100};
	const int64_t first_ms = bench->wall_ms;

	open_store(bench, folder, "search", AUDIT_BRIEF, false);
	for (unsigned i = 0; i < count; i++) {
		bench->wall_ms = first_ms + (int64_t)i * 300;   /* 10 million in a month */
		record(bench, i, 200);
	}
	close_store(bench);
	snprintf(path, sizeof(path), "%s/" AUDIT_DB_NAME, bench->folder);
	must(stat(path, &now_stat) == 0, "no store");
	printf("search among %u records of %u pairs, %.0f MiB, %.0f B a record\n", count, PAIRS, (double)now_stat.st_size / 1048576,
	       (double)now_stat.st_size / count);
	day = pair;
	day.since_ms = first_ms + (int64_t)count * 150;
	day.until_ms = day.since_ms + 24 * 3600 * 1000;
	search(path, "pair and day", &day);
	search(path, "pair, all times", &pair);
	search(path, "pair, newest 20", &(struct audit_query){.from = pair.from, .to = pair.to, .limit = 20});
	search(path, "rejected, newest 100", &rare);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	bench = (struct bench){.loop = loop_new(), .log = log_new(LOG_ERROR, LOG_TEXT, false), .wall_ms = (int64_t)time(NULL) * 1000};

	must(argc >= 2, "usage: micro_audit FOLDER [RECORDS]");
	memset(bench.body, 'x', sizeof(bench.body));
	for (unsigned i = 0; i < PAIRS; i++)
		snprintf(bench.senders[i], sizeof(bench.senders[i]), "s%u.example.org", i);
	for (unsigned i = 0; i < BURST; i++)
		snprintf(bench.ids[i], sizeof(bench.ids[i]), "%08x-%04x", i * 2654435761u, i);
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);        /* as the daemon does */
	mallopt(M_TRIM_THRESHOLD, MMAP_THRESHOLD_BYTES);
	bench_append(&bench, argv[1], "brief", AUDIT_BRIEF, 200, 1000000);
	bench_append(&bench, argv[1], "hash", AUDIT_HASH, 200, 1000000);
	bench_append(&bench, argv[1], "hash-1k", AUDIT_HASH, 1024, 1000000);
	bench_append(&bench, argv[1], "full-1k", AUDIT_FULL, 1024, 200000);
	bench_strict(&bench, argv[1]);
	bench_search(&bench, argv[1], argc > 2 ? (unsigned)atoi(argv[2]) : 10000000);
	log_free(&bench.log);
	loop_free(&bench.loop);
	return 0;
}
