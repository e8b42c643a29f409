/* SPDX-License-Identifier: Apache-2.0
 * The outcome matrix: every setting of both sides of both legs as a scenario, with the outcome that the table demands.
 *
 * Usage: matrix TABLE [FIRST STEP]: of all cells only every STEPth from the FIRST on. */
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_MAX = 64, COLUMNS = 8 };

enum column { LEG, TLS_1, CERTIFICATE_1, DIALBACK_1, TLS_2, CERTIFICATE_2, DIALBACK_2, OUTCOME };

static const char *const policies[] = {"disabled", "optional", "required"};
static const char *const kinds[] = {"none", "expired", "wrong-name", "unknown-ca", "valid"};     /* of a peer */
static const char *const own_kinds[] = {"self-signed", "expired", "unknown-ca", "valid"};        /* of the trunk */

enum { POLICIES = 3, KINDS = 5, OWN_KINDS = 4, SIDE_CELLS = POLICIES * KINDS * 2, OWN_CELLS = POLICIES * OWN_KINDS * 2,
       LEG_CELLS = SIDE_CELLS * OWN_CELLS };

/* The table as read. */
struct table {
	char *text;
	struct words rows[ROWS_MAX];
	unsigned count;
};

struct side {
	const char *tls, *kind, *dialback;
	bool is_trunk;
};

struct cell {
	bool is_inbound;
	struct side trunk, peer;
	char outcome[PEER_WORD_SIZE];
};

static int table_read(const char *file, struct table *ret_table)
{
	struct script script;
	struct words words;
	int err;

	if ((err = script_read(file, &script)) < 0)
		return err;
	*ret_table = (struct table){.text = script.text};
	for (unsigned i = 0; i < script.count && ret_table->count < ROWS_MAX; i++) {
		words_split(script.statements[i].head, &words);
		if (words.count != COLUMNS)
			return TRUNK_EINVAL;
		ret_table->rows[ret_table->count++] = words;
	}
	free(script.statements);
	return 0;
}

static const char *certificate_word(const struct side *side)
{
	if (strcmp(side->kind, "valid") == 0)
		return "valid";
	return !side->is_trunk && strcmp(side->kind, "none") == 0 ? "missing" : "invalid";
}

static bool fits(const struct words *row, enum column column, const char *word)
{
	return word_is(row, column, "*") || word_is(row, column, word);
}

static bool row_fits(const struct words *row, const struct cell *cell)
{
	const struct side *first = cell->is_inbound ? &cell->peer : &cell->trunk;
	const struct side *second = cell->is_inbound ? &cell->trunk : &cell->peer;

	return fits(row, LEG, cell->is_inbound ? "in" : "out") && fits(row, TLS_1, first->tls) &&
	       fits(row, TLS_2, second->tls) && fits(row, CERTIFICATE_1, certificate_word(first)) &&
	       fits(row, CERTIFICATE_2, certificate_word(second)) && fits(row, DIALBACK_1, first->dialback) &&
	       fits(row, DIALBACK_2, second->dialback);
}

static void find_outcome(const struct table *table, struct cell *cell)
{
	for (unsigned i = 0; i < table->count; i++)
		if (row_fits(&table->rows[i], cell)) {
			TEXT_COPY(cell->outcome, table->rows[i].at[OUTCOME]);
			return;
		}
	TEXT_COPY(cell->outcome, STR("(no row fits)"));
}

static struct cell cell_at(const struct table *table, unsigned number)
{
	struct cell cell = {.is_inbound = number < LEG_CELLS, .trunk = {.is_trunk = true}};
	const unsigned own = number % LEG_CELLS % OWN_CELLS, other = number % LEG_CELLS / OWN_CELLS;

	cell.trunk.tls = policies[own % POLICIES];
	cell.trunk.kind = own_kinds[own / POLICIES % OWN_KINDS];
	cell.trunk.dialback = own / POLICIES / OWN_KINDS ? "off" : "on";
	cell.peer.tls = policies[other % POLICIES];
	cell.peer.kind = kinds[other / POLICIES % KINDS];
	cell.peer.dialback = other / POLICIES / KINDS ? "off" : "on";
	find_outcome(table, &cell);
	return cell;
}

/* Such a configuration is refused. */
static bool can_prove_nothing(const struct cell *cell)
{
	return strcmp(cell->trunk.tls, "disabled") == 0 && strcmp(cell->trunk.dialback, "off") == 0;
}

/* The peer under test is saturn on the inbound leg and mercury on the outbound leg; the other one takes whatever comes. */
static void write_script(const struct cell *cell, struct buf *out)
{
	const char *name = cell->is_inbound ? "saturn" : "mercury",
		   *domain = cell->is_inbound ? "saturn.example.org" : "mercury.example.net";
	const char *other = cell->is_inbound ? "mercury" : "saturn",
		   *there = cell->is_inbound ? "mercury.example.net" : "saturn.example.org";
	const bool is_none = strcmp(cell->outcome, "none") == 0;

	if (can_prove_nothing(cell))
		buf_addf(out, "trunk\n  spoke %s domain %s\n", other, there);
	buf_addf(out, "%s\n  shows %s\n  spoke %s domain %s with tls: {policy: %s}, auth: [external%s]\n  spoke %s domain %s\n",
		 can_prove_nothing(cell) ? "trunk reload is refused" : "trunk", cell->trunk.kind, name, domain, cell->trunk.tls,
		 strcmp(cell->trunk.dialback, "on") == 0 ? ", dialback" : "", other, there);
	if (can_prove_nothing(cell))
		return;
	buf_addf(out, "%s has tls %s, certificate %s, auth external%s\n", name, cell->peer.tls, cell->peer.kind,
		 strcmp(cell->peer.dialback, "on") == 0 ? " dialback" : "");
	if (cell->is_inbound) {
		buf_add_cstr(out,
			     "saturn tries a stream to mercury.example.net\nsaturn does its best for saturn.example.org\n");
		buf_addf(out, "saturn's stream reached %s\n", cell->outcome);
	} else {
		buf_add_cstr(out, "saturn opens a stream to mercury.example.net and proves saturn.example.org by dialback\n");
	}
	if (cell->is_inbound && is_none) {
		buf_add_cstr(out, "streams lack state=up leg=inbound\naudit lacks decision=pass\n");
		return;
	}
	buf_add_cstr(out, "saturn sends <message id='m' from='ann@saturn.example.org' to='bob@mercury.example.net'/>\n");
	if (!is_none)
		buf_add_cstr(out, "after 30s mercury receives only <message id='m'/>\n");
	if (!cell->is_inbound)
		buf_addf(out, "after 1s mercury's link reached %s\n", cell->outcome);
	if (is_none)
		buf_add_cstr(out, "after 30s log has link-failed reason~\" \"\nmercury receives nothing\naudit has id=m "
				  "decision=bounce\n");
	else if (cell->is_inbound)
		buf_addf(out, "streams have leg=inbound sender=saturn.example.org state=up proof~%s\n",
			 strcmp(cell->outcome, "tls+external") == 0 ? "external" : "dialback");
	else
		buf_addf(out, "streams have leg=outbound target=mercury.example.net state=up proof~%s\n",
			 strcmp(cell->outcome, "tls+external") == 0 ? "external" : "dialback");
}

static bool run_cell(struct certificates *certificates, const struct cell *cell, unsigned number)
{
	struct world *world = world_new(certificates);
	struct buf text = {0};
	struct script script;
	unsigned i = 0;

	write_script(cell, &text);
	if (!world || script_parse(buf_str(&text), "matrix", &script) < 0)
		abort();
	while (i < script.count && step_run(world, &script.statements[i]) == 0 && buf_len(&world->complaints) == 0)
		i++;
	if (i < script.count) {
		printf("# cell %u, %s: trunk tls=%s certificate=%s dialback=%s, peer tls=%s certificate=%s dialback=%s: "
		       "expected %s\n",
		       number, cell->is_inbound ? "inbound" : "outbound", cell->trunk.tls, cell->trunk.kind,
		       cell->trunk.dialback, cell->peer.tls, cell->peer.kind, cell->peer.dialback, cell->outcome);
		printf("#   %.*s\n#   %s%.*s\n", STR_ARG(script.statements[i].head), world->failure,
		       STR_ARG(buf_str(&world->complaints)));
		if (getenv("SCENARIO_TRACE"))
			printf("%.*s\n", STR_ARG(buf_str(&world->trace)));
	}
	i -= script.count;
	script_fini(&script);
	buf_fini(&text);
	world_free(&world);
	return i == 0;
}

int main(int argc, char **argv)
{
	struct certificates *certificates = certificates_new(WORLD_WALL_MS);
	unsigned first = argc > 2 ? (unsigned)atoi(argv[2]) : 0, step = argc > 3 ? (unsigned)atoi(argv[3]) : 1, count = 0,
		 failed = 0;
	struct table table;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!certificates || argc < 2 || table_read(argv[1], &table) < 0 || step == 0) {
		printf("Bail out! usage: matrix TABLE [FIRST STEP]\n");
		return 1;
	}
	for (unsigned number = first; number < 2 * LEG_CELLS; number += step, count++) {
		const struct cell cell = cell_at(&table, number);

		failed += !run_cell(certificates, &cell, number);
	}
	printf("%sok 1 - %u cells of the outcome matrix, %u of them not as the table says\n1..1\n", failed ? "not " : "", count,
	       failed);
	free(table.text);
	certificates_free(&certificates);
	return failed > 0;
}
