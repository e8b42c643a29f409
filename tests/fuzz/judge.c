/* SPDX-License-Identifier: Apache-2.0
 * Any stanza under rules that ask everything, with labels on and off: the verdict is one of those that there are, what leaves is a stanza
 * with the same addresses, and no label that is denied leaves. */
#include "config/config.h"

#include "elements.h"

#include <stdlib.h>

#define COMMON                                                                                                                 \
	"rules:\n"                                                                                                             \
	"  - {name: watch, monitor: true, size-above: 100, action: drop}\n"                                                     \
	"  - {name: addresses, from: [ann@example.org, \"*@a.example\"], to: \"b@*.example\", action: reject}\n"                 \
	"  - {name: payloads, payload: [\"jabber:x:data\", \"{urn:xmpp:receipts}request\"], type: [chat, get], action: drop}\n"   \
	"  - {name: opaque, opaque: [omemo, link], action: strip}\n"                                                            \
	"  - {name: presence, kind: presence, action: fold, fold: presence}\n"                                                  \
	"  - {name: body, type: headline, action: fold, fold: body}\n"                                                          \
	"  - {name: strip, kind: message, action: strip, strip: [\"urn:xmpp:hints\", \"jabber:x:oob\"]}\n"

#define TRUNK                                                                                                                  \
	"trunk: trunk.example.com\nzones: {all: {domains: \"*\""

static const char *const texts[] = {
	TRUNK "}}\n" COMMON,
	TRUNK ", clearance: \"FARM: OPEN,GUARDED\", default-label: \"FARM: OPEN\"}}\nlabels: {policy: [" EXAMPLES_DIR
	      "/farm.spif.xml, " EXAMPLES_DIR "/mill.spif.xml]}\n" COMMON
	      "  - {name: above, label-above: OPEN, action: reject}\n  - {name: none, unlabelled: true, label-policy: FARM, action: pass}\n",
	TRUNK ", clearance: \"MILL: LOW,HIGH\", labels: translate}}\nlabels: {policy: [" EXAMPLES_DIR "/farm.spif.xml, " EXAMPLES_DIR
	      "/mill.spif.xml], strict: false, reveal: false}\n",
};

enum { CONFIGS = sizeof(texts) / sizeof(texts[0]) };

static struct config *configs[CONFIGS];
static struct route *routes[CONFIGS];

static void set_up(void)
{
	for (size_t i = 0; i < CONFIGS && !configs[i]; i++) {
		must(config_load_text(str_of(texts[i]), "trunkd.yaml", NULL, NULL, &configs[i]) == 0);
		must((routes[i] = route_new(configs[i]->spokes, configs[i]->spoke_count, configs[i]->zones, configs[i]->zone_count)) != NULL);
	}
}

static bool is_same_attr(const struct xml_node *node, const char *name, struct str value)
{
	return same(xml_node_attr(node, name), value);
}

static void check(const struct judgement *judgement, const struct stanza_reply *asked)
{
	const struct verdict *verdict = &judgement->verdict;
	const bool passes = verdict->decision == DECISION_PASS || verdict->decision == DECISION_STRIP;
	struct buf out = {0};

	must(verdict->decision >= DECISION_PASS && verdict->decision <= DECISION_STRIP && verdict->rule);
	must(verdict->decision != DECISION_REJECT || verdict->condition != STANZA_CONDITION_NONE);
	must(passes || !judgement->shaped);
	must(!passes || str_is_absent(judgement->reason));
	if (judgement->shaped) {
		must(is_same_attr(judgement->shaped, "from", asked->from) && is_same_attr(judgement->shaped, "to", asked->to));
		must(is_same_attr(judgement->shaped, "id", asked->id));
		must(xml_tree_write(judgement->shaped, NULL, &out) == 0);
	}
	buf_fini(&out);
}

static void judge(size_t i, struct arena *arena, const struct stanza *stanza, const struct xml_header *header)
{
	const struct policy_case the_case = {
		.stanza = stanza, .header = header, .arena = arena, .now_ms = 1000, .wall_ms = INT64_C(1780272000000), .is_dry = true};
	struct domain sender, target;
	struct judgement judgement;
	struct stanza_reply asked;
	struct policy_pair *pair;
	struct domain_pair domains;

	if (domain_normalise(stanza->from.domain, &sender) < 0 || domain_normalise(stanza->to.domain, &target) < 0)
		return;
	domains = (struct domain_pair){domain_str(&sender), domain_str(&target)};
	pair = policy_pair_new(configs[i]->policy, &domains, route_find(routes[i], domains.sender), route_find(routes[i], domains.target));
	must(pair != NULL && stanza_reply_of(arena, stanza, &asked) == 0);
	policy_judge(pair, &the_case, &judgement);
	check(&judgement, &asked);
	policy_pair_free(&pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xml_element element;
	struct xml_reader *reader;
	struct arena arena = {0};
	struct stanza stanza;
	struct buf input = {0};

	set_up();
	if (fuzz_element(str_make((const char *)data, size), &reader, &input, &element) &&
	    stanza_parse(&element, &arena, &stanza) == 0)
		for (size_t i = 0; i < CONFIGS; i++)
			judge(i, &arena, &stanza, xml_reader_header(reader));
	xml_reader_free(&reader);
	buf_fini(&input);
	arena_fini(&arena);
	return 0;
}
