/* SPDX-License-Identifier: Apache-2.0
 * What a verdict costs with 1,000 rules and 1,000 domains, and with labels of a policy of 500 categories. Prints ns at the median. */
#include "config/config.h"
#include "route/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DOMAINS = 1000, RULES = 1000, CATEGORIES = 500, PAIRS = 1000, SAMPLES = 2001, STEPS = 50 };

#define ID "1.3.6.1.4.1.32473.77.9"
#define LABEL "MQ8CAQEGCisGAQQBgf1ZTQk="   /* BIG: LOW */

static void must(bool is_so, const char *what)
{
	if (is_so)
		return;
	fprintf(stderr, "micro_policy: %s\n", what);
	exit(1);
}

/* ---- what is judged by ---- */

static void write_policy(const char *path)
{
	FILE *file = fopen(path, "we");

	must(file != NULL, path);
	fputs("<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1'><securityPolicyId name='BIG' id='" ID "'/>"
	      "<securityClassifications><securityClassification name='LOW' lacv='1' hierarchy='1' color='white'/><securityClassification "
	      "name='HIGH' lacv='2' hierarchy='2' color='red'/></securityClassifications><securityCategoryTagSets><securityCategoryTagSet "
	      "name='Must' id='" ID ".1'><securityCategoryTag name='Must' tagType='restrictive'>",
	      file);
	for (unsigned i = 0; i < CATEGORIES / 2; i++)
		fprintf(file, "<tagCategory name='M%u' lacv='%u'/>", i, i);
	fputs("</securityCategoryTag></securityCategoryTagSet><securityCategoryTagSet name='To' id='" ID ".2'><securityCategoryTag "
	      "name='To' tagType='enumerated' enumType='permissive'>",
	      file);
	for (unsigned i = 0; i < CATEGORIES / 2; i++)
		fprintf(file, "<tagCategory name='T%u' lacv='%u'/>", i, i);
	fputs("</securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets></SPIF>", file);
	must(fclose(file) == 0, path);
}

static void write_clearance(struct buf *out)
{
	buf_add_cstr(out, "BIG: LOW,HIGH; Must=");
	for (unsigned i = 0; i < CATEGORIES / 2; i++)
		buf_addf(out, "%sM%u", i ? "," : "", i);
	buf_add_cstr(out, "; To=");
	for (unsigned i = 0; i < CATEGORIES / 2; i++)
		buf_addf(out, "%sT%u", i ? "," : "", i);
}

/* Most rules are about two domains; each tenth about all of a zone, and asks what stands in the stanza. */
static struct config *make_config(const char *spif)
{
	struct buf yaml = {0};
	struct config *config = NULL;

	buf_add_cstr(&yaml, "trunk: trunk.example\nlisten: [\"127.0.0.1:5269\"]\n");
	if (spif) {
		buf_addf(&yaml, "labels: {policy: %s}\nzones: {default: {default-label: \"BIG: LOW\", labels: keep, clearance: \"", spif);
		write_clearance(&yaml);
		buf_add_cstr(&yaml, "\"}}\n");
	}
	buf_add_cstr(&yaml, "spokes:\n");
	for (unsigned i = 0; i < DOMAINS; i++)
		buf_addf(&yaml, "  s%u: {domains: d%u.example}\n", i, i);
	buf_add_cstr(&yaml, "rules:\n");
	for (unsigned i = 0; i < RULES; i++) {
		if (i % 100 == 99)
			buf_addf(&yaml, "  - {name: r%u, payload: \"urn:example:p%u\", kind: message, action: reject}\n", i, i);
		else if (i % 10 == 9)
			buf_addf(&yaml, "  - {name: r%u, from: d%u.example, kind: message, size-above: %u, action: reject}\n", i, i, 4096 + i);
		else
			buf_addf(&yaml, "  - {name: r%u, from: d%u.example, to: d%u.example, kind: iq, action: reject}\n", i, i, (i * 7) % DOMAINS);
	}
	must(config_load_text(buf_str(&yaml), "bench.yaml", NULL, NULL, &config) == 0, "the configuration");
	buf_fini(&yaml);
	return config;
}

/* ---- measuring ---- */

struct bench {
	struct config *config;
	struct route *route;
	struct policy_pair *pairs[PAIRS];
	struct domain_pair domains[PAIRS];
	struct xml_reader *reader;
	struct xml_element element;
	struct stanza stanza;
	struct arena arena;
	struct buf bytes;
	unsigned next;
};

static void begin(struct bench *b, const char *content)
{
	static const struct xml_limits limits = {.element_bytes = 1 << 18, .depth = 64, .attributes = 64};
	static char names[DOMAINS][24];
	size_t consumed;

	for (unsigned i = 0; i < PAIRS; i++) {
		snprintf(names[i], sizeof(names[i]), "d%u.example", i);
		b->domains[i].sender = str_of(names[i]);
	}
	for (unsigned i = 0; i < PAIRS; i++)
		b->domains[i].target = str_of(names[(i * 31 + 17) % DOMAINS]);
	b->reader = xml_reader_new(&limits);
	buf_addf(&b->bytes, "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
			    "<message id='m1' type='chat' from='ann@d1.example/desk' to='bob@d2.example'><body>Crates leave at six.</body>%s</message>",
		 content);
	must(xml_reader_next(b->reader, buf_str(&b->bytes), &b->element, &consumed) == XML_HEADER, "the header");
	buf_drop(&b->bytes, consumed);
	must(xml_reader_next(b->reader, buf_str(&b->bytes), &b->element, &consumed) == XML_ELEMENT, "the stanza");
	must(stanza_parse(&b->element, &b->arena, &b->stanza) == 0, "the stanza");
	b->route = route_new(b->config->spokes, b->config->spoke_count, b->config->zones, b->config->zone_count);
}

static struct policy_pair *pair_of(struct bench *b, unsigned i)
{
	return policy_pair_new(b->config->policy, &b->domains[i], route_find(b->route, b->domains[i].sender),
			       route_find(b->route, b->domains[i].target));
}

static void end(struct bench *b)
{
	for (unsigned i = 0; i < PAIRS; i++)
		policy_pair_free(&b->pairs[i]);
	xml_reader_free(&b->reader);
	route_free(&b->route);
	arena_fini(&b->arena);
	buf_fini(&b->bytes);
}

static void judge(struct bench *b)
{
	const struct policy_case the_case = {
		.stanza = &b->stanza, .header = xml_reader_header(b->reader), .arena = &b->arena, .now_ms = 1000, .wall_ms = INT64_C(1780272000000)};
	struct judgement judgement;

	policy_judge(b->pairs[b->next++ % PAIRS], &the_case, &judgement);
	must(judgement.verdict.decision == DECISION_PASS, judgement.verdict.rule);
	arena_clear(&b->arena);
}

static void make_pair(struct bench *b)
{
	struct policy_pair *pair = pair_of(b, b->next++ % PAIRS);

	must(pair != NULL, "a pair");
	policy_pair_free(&pair);
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);   /* what else the machine does costs us nothing */
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *what, struct bench *b, void (*step)(struct bench *b))
{
	static double samples[SAMPLES];

	for (unsigned s = 0; s < SAMPLES; s++) {
		const double start = now_ns();

		for (unsigned i = 0; i < STEPS; i++)
			step(b);
		samples[s] = (now_ns() - start) / STEPS;
	}
	qsort(samples, SAMPLES, sizeof(samples[0]), by_value);
	printf("%-44s median %7.0f ns  p99 %7.0f ns\n", what, samples[SAMPLES / 2], samples[SAMPLES * 99 / 100]);
}

static void keep_pairs(struct bench *b)
{
	for (unsigned i = 0; i < PAIRS; i++)
		must((b->pairs[i] = pair_of(b, i)) != NULL, "a pair");
}

static void measure_stanza(const char *what, struct config *config, const char *content)
{
	static struct bench bench;

	bench = (struct bench){.config = config};
	begin(&bench, content);
	keep_pairs(&bench);
	measure(what, &bench, judge);
	if (!*content)
		measure("  a pair's rules are found", &bench, make_pair);
	end(&bench);
}

int main(void)
{
	char spif[] = "/tmp/micro-policy-XXXXXX";
	const int fd = mkstemp(spif);
	struct config *rules, *labels;

	must(fd >= 0, spif);
	close(fd);
	write_policy(spif);
	rules = make_config(NULL);
	labels = make_config(spif);
	measure_stanza("1000 rules, 1000 domains", rules, "");
	measure_stanza("the same, with labels by default", labels, "");
	measure_stanza("the same, with a label in the stanza", labels,
		       "<securitylabel xmlns='urn:xmpp:sec-label:0'><label><esssecuritylabel xmlns='urn:xmpp:sec-label:ess:0'>" LABEL
		       "</esssecuritylabel></label></securitylabel>");
	config_free(&rules);
	config_free(&labels);
	unlink(spif);
	return 0;
}
