/* SPDX-License-Identifier: Apache-2.0
 * What a label costs under a policy of 500 categories: the decision, reading the octets, and a whole stanza. Prints ns each. */
#include "label/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CATEGORIES = 500, RUNS = 8, RUN_MS = 50 };

#define ID "1.3.6.1.4.1.32473.77.9"

/* Half of the values restrict, half are nations. Values of the first kind exclude a class and have an equivalent. */
static void policy_write(struct buf *out)
{
	buf_add_cstr(out,
		     "<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1'><securityPolicyId name='BIG' id='" ID "'/>"
		     "<equivalentPolicies><equivalentPolicy name='O' id='1.2.3'/></equivalentPolicies><securityClassifications>"
		     "<securityClassification name='LOW' lacv='1' hierarchy='1' color='white'/><securityClassification "
		     "name='HIGH' lacv='2' "
		     "hierarchy='2' color='red'/></securityClassifications><securityCategoryTagSets><securityCategoryTagSet "
		     "name='Must' id='" ID ".1'>"
		     "<securityCategoryTag name='Must' tagType='restrictive'>");
	for (unsigned i = 0; i < CATEGORIES / 2; i++)
		buf_addf(out,
			 "<tagCategory name='M%u' lacv='%u'><excludedClass>LOW</excludedClass><equivalentSecCategoryTag "
			 "policyRef='O' "
			 "tagSetId='1.2.3.1' tagType='restrictive' lacv='%u' applied='both'/></tagCategory>",
			 i, i, i);
	buf_add_cstr(out, "</securityCategoryTag></securityCategoryTagSet><securityCategoryTagSet name='To' id='" ID ".2'>"
		     "<securityCategoryTag name='To' tagType='enumerated' enumType='permissive'>");
	for (unsigned i = 0; i < CATEGORIES / 2; i++)
		buf_addf(out, "<tagCategory name='T%u' lacv='%u'/>", i, i);
	buf_add_cstr(out, "</securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets></SPIF>");
}

/* A label or clearance with the first `count` values of each tag. */
static void words_write(struct buf *out, const char *classes, unsigned count)
{
	buf_clear(out);
	buf_addf(out, "BIG: %s", classes);
	for (unsigned i = 0; i < count; i++)
		buf_addf(out, "%sM%u", i ? "," : "; Must=", i);
	for (unsigned i = 0; i < count; i++)
		buf_addf(out, "%sT%u", i ? "," : "; To=", i);
}

struct bench {
	const struct label_policies *policies;
	struct label_options options;
	struct label_clearance *clearance;
	struct label label;
	struct label_request request;
	struct arena scratch;
	struct str octets;              /* base64 */
	struct xml_node *stanza;
};

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static void decide(struct bench *b)
{
	must(label_decide(&b->scratch, &b->label, b->clearance, &b->options).why == LABEL_GRANTED);
}

static void parse(struct bench *b)
{
	struct label label;

	must(label_parse_base64(&b->scratch, b->octets, &b->options, &label) == 0);
	arena_clear(&b->scratch);
}

static void check(struct bench *b)
{
	struct label_result result;

	label_check(&b->scratch, b->stanza, &b->request, &result);
	must(result.outcome == LABEL_PASS);
	arena_clear(&b->scratch);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The best of a few runs: what else the machine does can only slow us down. */
static void measure(const char *what, unsigned values, struct bench *b, void (*step)(struct bench *b))
{
	double best = 1e9;

	for (unsigned run = 0; run < RUNS; run++) {
		const double begin = now_s();
		double end = begin;
		unsigned long count = 0;

		for (; end - begin < RUN_MS / 1e3; end = now_s())
			for (unsigned i = 0; i < 100; i++, count++)
				step(b);
		best = (end - begin) / (double)count < best ? (end - begin) / (double)count : best;
	}
	printf("%-8s %3u + %3u values of %d %8.0f ns\n", what, values, values, CATEGORIES, best * 1e9);
}

static void bench_of(struct bench *b, struct arena *arena, unsigned values)
{
	const struct xml_limits limits = {.element_bytes = 1 << 20, .depth = 64, .attributes = 64};
	struct buf words = {0}, octets = {0}, stanza = {0};
	char why[LABEL_WHY_SIZE];

	words_write(&words, "HIGH", values);
	must(label_parse_words(arena, buf_str(&words), &b->options, &b->label, why) == 0);
	must(label_write_base64(&b->label, &octets) == 0);
	b->octets = arena_str(arena, buf_str(&octets));
	buf_addf(&stanza,
		 "<message from='a@b.example' to='c@d.example'><body>Crates leave at six.</body><securitylabel "
		 "xmlns='urn:xmpp:sec-label:0'><label><esssecuritylabel "
		 "xmlns='urn:xmpp:sec-label:ess:0'>%.*s</esssecuritylabel></label>"
		 "</securitylabel></message>",
		 STR_ARG(b->octets));
	must(xml_tree_parse(arena, buf_str(&stanza), NULL, &limits, &b->stanza) == 0);
	measure("decide", values, b, decide);
	measure("read", values, b, parse);
	measure("stanza", values, b, check);
	buf_fini(&words);
	buf_fini(&octets);
	buf_fini(&stanza);
}

int main(void)
{
	struct label_policies *policies = label_policies_new();
	struct bench b = {.options = {.has_clock = true}};
	struct buf text = {0};
	struct arena arena = {0};
	char why[LABEL_WHY_SIZE];

	policy_write(&text);
	must(policies && label_policies_add(policies, "big.spif.xml", buf_str(&text), NULL, NULL) == 0);
	b.options.policies = policies;
	words_write(&text, "LOW,HIGH", CATEGORIES / 2);
	must(label_clearance_parse(policies, buf_str(&text), &b.clearance, why) == 0);
	b.request =
		(struct label_request){.options = &b.options,
				       .sender = {.at = (const struct label_clearance *const *)&b.clearance, .count = 1},
				       .recipient = {.at = (const struct label_clearance *const *)&b.clearance, .count = 1}};
	bench_of(&b, &arena, 2);
	bench_of(&b, &arena, 20);
	bench_of(&b, &arena, CATEGORIES / 2);
	label_clearance_free(&b.clearance);
	label_policies_free(&policies);
	arena_fini(&arena);
	arena_fini(&b.scratch);
	buf_fini(&text);
	return 0;
}
