/* SPDX-License-Identifier: Apache-2.0
 * The verdict on a stanza: each condition of a rule with its refusal, and what becomes of what fits (design.md §5). */
#include "judges.h"

#include <unistd.h>

#define SPOKES                                                                                                                 \
	"trunk: trunk.example.com\n"                                                                                           \
	"spokes: {saturn: {domains: [saturn.example.org, \"*.saturn.example.org\"]}, mercury: {domains: mercury.example.net}, "   \
	"venus: {domains: venus.example}}\n"                                                                                   \
	"zones: {inside: {spokes: [saturn, mercury]}, outside: {spokes: venus}}\n"
#define RULES SPOKES "rules:\n"
#define M(attrs, content) "<message from='ann@saturn.example.org/a' to='bob@mercury.example.net' " attrs ">" content "</message>"
#define OUT(kind, attrs, content)                                                                                              \
	"<" kind " from='ann@saturn.example.org/a' to='eve@venus.example' " attrs ">" content "</" kind ">"

static void begin(struct judges *judges, const char *rules)
{
	char yaml[4096];

	snprintf(yaml, sizeof(yaml), "%s%s", RULES, rules);
	judges_begin(judges, yaml);
}

static void kinds_and_types_are_told_apart(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: k, kind: [presence, iq], action: reject}\n  - {name: t, type: [normal, groupchat], action: reject}\n");
	decides(&judges, M("type='chat'", "<body/>"), DECISION_PASS, "zone");
	decides(&judges, M("type='nonsense'", "<body/>"), DECISION_REJECT, "t"); /* RFC 6121 §5.2.2: a normal one */
	decides(&judges, M("", "<body/>"), DECISION_REJECT, "t");
	decides(&judges, M("type='&#x6e;ormal'", "<body/>"), DECISION_REJECT, "t");
	decides(&judges, "<iq type='get' from='ann@saturn.example.org/a' to='mercury.example.net'><q xmlns='a'/></iq>", DECISION_REJECT, "k");
	judges_end(&judges);
	begin(&judges, "  - {name: a, type: available, action: drop}\n");
	decides(&judges, "<presence from='ann@saturn.example.org/a' to='mercury.example.net'/>", DECISION_DROP, "a");
	decides(&judges, "<presence type='odd' from='ann@saturn.example.org/a' to='mercury.example.net'/>", DECISION_PASS, "zone");
	decides(&judges, M("", ""), DECISION_PASS, "zone");
	judges_end(&judges);
}

static void addresses_fit_by_localpart_whatever_its_case(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: ann, from: [ann@saturn.example.org, mercury.example.net], action: reject}\n"
		       "  - {name: room, to: \"*@mercury.example.net\", action: reject}\n");
	decides(&judges, M("", ""), DECISION_REJECT, "ann");
	decides(&judges, "<message from='ANN@saturn.example.org' to='mercury.example.net'/>", DECISION_REJECT, "ann");
	decides(&judges, "<message from='\xef\xbd\x81nn@saturn.example.org' to='mercury.example.net'/>", DECISION_REJECT, "ann"); /* full width */
	decides(&judges, "<message from='a\xc2\xadnn@saturn.example.org' to='mercury.example.net'/>", DECISION_REJECT, "ann");    /* soft hyphen */
	decides(&judges, "<message from='anna@saturn.example.org' to='mercury.example.net'/>", DECISION_PASS, "zone");
	decides(&judges, "<message from='anna@saturn.example.org' to='x@mercury.example.net'/>", DECISION_REJECT, "room");
	decides(&judges, "<message from='saturn.example.org' to='mercury.example.net'/>", DECISION_PASS, "zone");
	decides(&judges, "<message from='ann@a.saturn.example.org' to='mercury.example.net'/>", DECISION_PASS, "zone");
	decides(&judges, "<message from='bob@mercury.example.net' to='saturn.example.org'/>", DECISION_REJECT, "ann");
	judges_end(&judges);
}

static void payloads_are_found_wherever_they_stand(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: p, payload: [\"jabber:x:data\", \"{urn:example:a}one\"], action: reject}\n");
	decides(&judges, M("", "<body>jabber:x:data</body>"), DECISION_PASS, "zone");
	decides(&judges, M("", "<x xmlns='jabber:x:data'/>"), DECISION_REJECT, "p");
	decides(&judges, M("", "<y xmlns='urn:y'><x xmlns='jabber:x:data'/></y>"), DECISION_REJECT, "p");
	decides(&judges, M("", "<x xmlns='jabber&#58;x:data'/>"), DECISION_REJECT, "p");
	decides(&judges, M("", "<one xmlns='urn:example:a'/>"), DECISION_REJECT, "p");
	decides(&judges, M("", "<two xmlns='urn:example:a'/>"), DECISION_PASS, "zone");
	judges_end(&judges);
}

static void sizes_are_those_of_the_bytes_that_came(void **state)
{
	struct judges judges;
	char text[600];

	(void)state;
	begin(&judges, "  - {name: large, size-above: 200, action: reject, condition: resource-constraint}\n");
	snprintf(text, sizeof(text), M("", "<body>%*s</body>"), 200 - (int)strlen(M("", "<body></body>")), "x");
	assert_int_equal(strlen(text), 200);
	decides(&judges, text, DECISION_PASS, "zone");
	snprintf(text, sizeof(text), M("", "<body>%*s</body>"), 201 - (int)strlen(M("", "<body></body>")), "x");
	decides(&judges, text, DECISION_REJECT, "large");
	assert_int_equal(judges_judge(&judges, text).verdict.condition, COND_RESOURCE_CONSTRAINT);
	judges_end(&judges);
}

static void opaque_content_is_named_by_class(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: o, opaque: [omemo, link], action: reject}\n");
	decides(&judges, M("", "<encrypted xmlns='eu.siacs.conversations.axolotl'/>"), DECISION_REJECT, "o");
	decides(&judges, M("", "<body>see https://example.org/</body>"), DECISION_REJECT, "o");
	decides(&judges, M("", "<body>see you</body>"), DECISION_PASS, "zone");
	decides(&judges, M("", "<data xmlns='http://jabber.org/protocol/ibb'/>"), DECISION_PASS, "zone");
	judges_end(&judges);
}

/* Burst: what one unit gives. */
static void a_rate_fits_what_exceeds_it_for_each_pair(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: r, kind: message, rate: 3/m, action: reject}\n");
	for (int i = 0; i < 3; i++)
		decides(&judges, M("", ""), DECISION_PASS, "zone");
	decides(&judges, M("", ""), DECISION_REJECT, "r");
	decides(&judges, "<presence from='ann@saturn.example.org' to='mercury.example.net'/>", DECISION_PASS, "zone");
	decides(&judges, "<message from='bob@mercury.example.net' to='saturn.example.org'/>", DECISION_PASS, "zone");
	judges.now_ms += 19999;
	decides(&judges, M("", ""), DECISION_REJECT, "r");
	judges.now_ms += 20001;
	decides(&judges, M("", ""), DECISION_PASS, "zone");
	judges.is_dry = true;
	for (int i = 0; i < 10; i++)
		decides(&judges, M("", ""), DECISION_PASS, "zone"); /* looked at, not counted */
	judges_end(&judges);
}

static uint64_t counted;

static void keep_count(void *ctx, const struct rule_info *info)
{
	if (strcmp(info->rule->name, ctx) == 0)
		counted = info->fits;
}

static uint64_t count_of(struct judges *judges, const char *name)
{
	counted = UINT64_MAX;
	policy_each_rule(judges->config->policy, keep_count, (void *)(uintptr_t)name);
	return counted;
}

static void a_monitoring_rule_counts_and_does_nothing(void **state)
{
	struct judges judges;
	struct judgement judgement;

	(void)state;
	begin(&judges, "  - {name: watch, kind: message, monitor: true, action: reject}\n  - {name: all, to: mercury.example.net, action: pass}\n");
	judgement = judges_judge(&judges, M("", ""));
	assert_int_equal(judgement.verdict.decision, DECISION_PASS);
	assert_string_equal(judgement.verdict.rule, "all");
	assert_int_equal(judgement.monitor_count, 1);
	assert_string_equal(judgement.monitors[0]->name, "watch");
	assert_int_equal(judges_judge(&judges, "<presence from='ann@saturn.example.org' to='mercury.example.net'/>").monitor_count, 0);
	assert_int_equal(count_of(&judges, "watch"), 1);
	assert_int_equal(count_of(&judges, "all"), 2);
	judges_end(&judges);
}

static void the_rule_s_reference_stands_in_the_text(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: farm-7, kind: iq, action: reject}\n  - {name: b, kind: message, action: reject, text: \"Closed.\"}\n");
	assert_string_equal(judges_judge(&judges, "<iq type='get' from='a@saturn.example.org' to='mercury.example.net'/>").verdict.text,
			    "Not passed by policy (rule farm-7).");
	assert_string_equal(judges_judge(&judges, M("", "")).verdict.text, "Closed. (rule b)");
	assert_int_equal(judges_judge(&judges, M("", "")).verdict.line, 6);
	judges_end(&judges);
}

/* A reload: what says the same goes on counting. */
static void counters_and_rates_outlive_a_reload(void **state)
{
	struct judges before, after;

	(void)state;
	begin(&before, "  - {name: a, kind: iq, action: reject}\n  - {name: r, rate: 2/h, action: reject}\n");
	decides(&before, M("", ""), DECISION_PASS, "zone");
	decides(&before, M("", ""), DECISION_PASS, "zone");
	decides(&before, M("", ""), DECISION_REJECT, "r");
	begin(&after, "  - {name: new, kind: presence, action: drop}\n  - {name: r, rate: 2/h, action: reject}\n"
		      "  - {name: a, kind: iq, action: drop}\n");
	policy_adopt(after.config->policy, before.config->policy);
	policy_adopt(after.config->policy, before.config->policy);
	judges_end(&before);
	assert_int_equal(count_of(&after, "r"), 1);
	assert_int_equal(count_of(&after, "a"), 0);     /* says something else now */
	decides(&after, M("", ""), DECISION_REJECT, "r");
	assert_int_equal(count_of(&after, "r"), 2);
	judges_end(&after);
}

static void a_pair_is_permitted_where_some_of_its_stanzas_may_pass(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: iqs, kind: iq, action: reject}\n  - {name: mail out, from: inside, to: outside, kind: message, action: pass}\n");
	decides(&judges, OUT("message", "", "<body/>"), DECISION_PASS, "mail out");
	decides(&judges, OUT("presence", "", ""), DECISION_REJECT, "zone");
	decides(&judges, OUT("iq", "type='get'", ""), DECISION_REJECT, "iqs");
	decides(&judges, "<message from='eve@venus.example' to='saturn.example.org'/>", DECISION_REJECT, "zone");
	judges_end(&judges);
}

static void what_is_stripped_or_folded_leaves_in_that_shape(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: s, payload: \"jabber:x:oob\", action: strip, strip: \"jabber:x:oob\"}\n"
		       "  - {name: f, kind: presence, action: fold, fold: presence}\n"
		       "  - {name: b, type: chat, action: fold, fold: body}\n");
	leaves_as(&judges, M("", "<body>x</body><x xmlns='jabber:x:oob'><url>u</url></x>"), "<message from='ann@saturn.example.org/a' to='bob@mercury.example.net'><body>x</body></message>");
	decides(&judges, M("", "<body>x</body><x xmlns='jabber:x:oob'/>"), DECISION_STRIP, "s");
	leaves_as(&judges, "<presence from='a@saturn.example.org' to='mercury.example.net'><status>s</status></presence>",
		  "<presence from='a@saturn.example.org' to='mercury.example.net'/>");
	decides(&judges, "<presence from='a@saturn.example.org' to='mercury.example.net'/>", DECISION_PASS, "f");
	decides(&judges, M("type='chat'", "<active xmlns='http://jabber.org/protocol/chatstates'/>"), DECISION_DROP, "b");
	decides(&judges, M("type='chat'", "<body>x</body><encrypted xmlns='eu.siacs.conversations.axolotl'/>"), DECISION_REJECT, "b");
	judges_end(&judges);
}

/* label-policy, "Rooms behind the trunk": an error may expel the occupant. */
static void a_refusal_of_what_a_room_sends_is_silent(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: no, kind: message, action: reject}\n  - {name: all, kind: iq, action: pass}\n");
	decides(&judges, "<message type='groupchat' from='room@saturn.example.org/ann' to='bob@mercury.example.net/x'><body/></message>",
		DECISION_DROP, "no");
	decides(&judges, "<message type='groupchat' from='ann@saturn.example.org/x' to='room@mercury.example.net'><body/></message>",
		DECISION_REJECT, "no");
	judges_end(&judges);
}

static const char *steps[8];
static unsigned step_count;

static void keep_step(void *ctx, const struct policy_step *step)
{
	(void)ctx;
	if (step_count < 8)
		steps[step_count++] = step->why_not ? step->why_not : step->rule->name;
}

static void each_rule_that_was_tried_says_why_it_did_not_fit(void **state)
{
	struct judges judges;

	(void)state;
	begin(&judges, "  - {name: a, to: outside, action: reject}\n  - {name: b, kind: iq, action: reject}\n"
		       "  - {name: c, size-above: 9999, action: reject}\n  - {name: d, action: pass}\n");
	judges.step = keep_step;
	step_count = 0;
	decides(&judges, M("", ""), DECISION_PASS, "d");
	assert_int_equal(step_count, 4);
	assert_string_equal(steps[0], "pair");
	assert_string_equal(steps[1], "kind");
	assert_string_equal(steps[2], "size-above");
	assert_string_equal(steps[3], "d");
	judges_end(&judges);
}

/* ---- labels ---- */

#define LABELLED(words)                                                                                                        \
	SPOKES_LABELLED "labels: {policy: [" EXAMPLES_DIR "/farm.spif.xml, " EXAMPLES_DIR "/mill.spif.xml]" words "}\n"
#define SPOKES_LABELLED                                                                                                        \
	"trunk: trunk.example.com\n"                                                                                           \
	"spokes:\n"                                                                                                            \
	"  saturn: {domains: saturn.example.org, clearance: \"FARM: OPEN,GUARDED,SEALED; Compartment=ORCHID; Releasable To=XAA\"}\n" \
	"  mercury: {domains: mercury.example.net, clearance: \"FARM: OPEN\"}\n"                                                  \
	"  venus: {domains: venus.example, default-label: \"FARM: OPEN\"}\n"
#define L1 "MQ8CAQEGCisGAQQBgf1ZTQE="
#define L3 "MVgCAQQGCisGAQQBgf1ZTQExRzAhgApghkgBZQIBCAMAoRMwEQYLKwYBBAGB/VlNAQEDAgeAMCKACmCGSAFlAgEIAwGhFDASBgsrBgEEAYH9WU0BAjEDAgEB"
#define LABEL(base64)                                                                                                          \
	"<securitylabel xmlns='urn:xmpp:sec-label:0'><label><esssecuritylabel xmlns='urn:xmpp:sec-label:ess:0'>" base64       \
	"</esssecuritylabel></label></securitylabel>"

static void labels_decide_on_what_rules_let_pass(void **state)
{
	struct judges judges;
	struct judgement judgement;

	(void)state;
	judges_begin(&judges, LABELLED(""));
	decides(&judges, M("", "<body/>" LABEL(L1)), DECISION_PASS, "zone");
	decides(&judges, M("", "<body/>" LABEL(L3)), DECISION_REJECT, "clearance");
	judgement = judges_judge(&judges, M("", "<body/>" LABEL(L3)));
	assert_true(str_is(judgement.reason, "class"));
	assert_true(str_is(judgement.label, "FARM: SEALED; Compartment=ORCHID; Releasable To=XAA"));
	assert_int_equal(judgement.verdict.condition, COND_POLICY_VIOLATION);
	assert_string_equal(judgement.verdict.text, "Not passed by policy (rule clearance).");
	decides(&judges, M("", "<body/>"), DECISION_REJECT, "label");
	assert_string_equal(judges_judge(&judges, M("", "<body/>")).verdict.text, "A security label is required. (rule label)");
	decides(&judges, M("", "<body/><x xmlns='urn:xmpp:forward:0'/>" LABEL("AAAA")), DECISION_REJECT, "label");
	assert_int_equal(judges_judge(&judges, M("", LABEL("AAAA"))).verdict.condition, COND_BAD_REQUEST);
	decides(&judges, "<presence from='a@saturn.example.org' to='mercury.example.net'/>", DECISION_PASS, "zone");
	decides(&judges, "<presence from='a@saturn.example.org' to='mercury.example.net'>" LABEL(L1) "</presence>", DECISION_REJECT, "label");
	decides(&judges, "<message from='bob@mercury.example.net' to='x@venus.example'>" LABEL(L1) "</message>", DECISION_REJECT, "clearance");
	judges_end(&judges);
}

static void what_is_forwarded_inside_is_judged_too(void **state)
{
	struct judges judges;

	(void)state;
	judges_begin(&judges, LABELLED(""));
	decides(&judges,
		M("", "<body/>" LABEL(L1) "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body/>" LABEL(L3)
		      "</message></forwarded>"),
		DECISION_REJECT, "clearance");
	decides(&judges,
		M("", "<body/>" LABEL(L1) "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body/>" LABEL(L1)
		      "</message></forwarded>"),
		DECISION_PASS, "zone");
	decides(&judges,
		"<iq type='result' from='ann@saturn.example.org' to='mercury.example.net'><r xmlns='a'><message "
		"xmlns='jabber:client'><body/></message></r></iq>",
		DECISION_REJECT, "label");
	judges_end(&judges);
}

static void a_denial_is_silent_where_it_is_not_to_be_revealed(void **state)
{
	struct judges judges;

	(void)state;
	judges_begin(&judges, LABELLED(", reveal: false"));
	decides(&judges, M("", "<body/>" LABEL(L3)), DECISION_DROP, "clearance");
	decides(&judges, M("", "<body/>" LABEL("AAAA")), DECISION_REJECT, "label");
	judges_end(&judges);
}

static void with_labels_on_errors_are_cut_down_and_those_with_a_label_dropped(void **state)
{
	struct judges judges;

	(void)state;
	judges_begin(&judges, LABELLED(""));
	leaves_as(&judges, "<message type='error' from='ann@saturn.example.org' to='bob@mercury.example.net'><body>secret</body><error type='cancel'>"
			   "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
		  "<message type='error' from='ann@saturn.example.org' to='bob@mercury.example.net'><error type='cancel'><gone "
		  "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
	decides(&judges, M("type='error'", LABEL(L1)), DECISION_DROP, "label");
	judges_end(&judges);
}

/* Issue 6, point 4. */
static void with_labels_on_opaque_content_passes_by_a_rule_that_names_it_alone(void **state)
{
	struct judges judges;
	const char *omemo = M("", "<body/><encrypted xmlns='eu.siacs.conversations.axolotl'/>" LABEL(L1));

	(void)state;
	judges_begin(&judges, LABELLED(""));
	decides(&judges, omemo, DECISION_REJECT, "opaque");
	judges_end(&judges);
	judges_begin(&judges, LABELLED("") "rules: [{name: o, opaque: omemo, action: pass}, {name: all, action: pass}]\n");
	decides(&judges, omemo, DECISION_PASS, "o");
	decides(&judges, M("", "<body/><encrypted xmlns='eu.siacs.conversations.axolotl'/><data xmlns='http://jabber.org/protocol/ibb'/>" LABEL(L1)),
		DECISION_REJECT, "opaque");
	decides(&judges, M("", "<body/><data xmlns='http://jabber.org/protocol/ibb'/>" LABEL(L1)), DECISION_REJECT, "opaque");
	judges_end(&judges);
}

static void rules_ask_about_labels(void **state)
{
	struct judges judges;

	(void)state;
	judges_begin(&judges, LABELLED("") "rules:\n"
					   "  - {name: above, label-above: OPEN, action: reject}\n"
					   "  - {name: none, unlabelled: true, action: reject, condition: not-acceptable}\n"
					   "  - {name: farm, label-policy: FARM, action: pass}\n");
	decides(&judges, M("", "<body/>" LABEL(L3)), DECISION_REJECT, "above");
	decides(&judges, M("", "<body/>" LABEL("AAAA")), DECISION_REJECT, "above");     /* cannot be compared */
	decides(&judges, M("", "<body/>"), DECISION_REJECT, "above");  /* no label, no default */
	decides(&judges, "<message from='x@venus.example' to='ann@saturn.example.org'><body/></message>", DECISION_REJECT, "none");
	decides(&judges, "<message from='x@venus.example' to='ann@saturn.example.org'>" LABEL("") "</message>", DECISION_REJECT, "above");
	decides(&judges, M("", "<body/>" LABEL(L1)), DECISION_PASS, "farm");
	decides(&judges,
		M("", "<body/>" LABEL(L1) "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body/>" LABEL(L3)
		      "</message></forwarded>"),
		DECISION_REJECT, "above");
	decides(&judges, "<presence from='a@saturn.example.org' to='mercury.example.net'/>", DECISION_PASS, "zone");
	judges_end(&judges);
}

static void clearances_of_addresses_count_beside_those_of_spokes(void **state)
{
	struct judges judges;

	(void)state;
	judges_begin(&judges, LABELLED("") "clearances:\n"
					   "  - {who: \"*@venus.example\", clearance: \"FARM: OPEN,GUARDED\"}\n"
					   "  - {who: carl@mercury.example.net, clearance: \"FARM: GUARDED\"}\n");
	decides(&judges, "<message from='bob@mercury.example.net' to='x@venus.example'>" LABEL(L1) "</message>", DECISION_PASS, "zone");
	decides(&judges, "<message from='bob@mercury.example.net' to='venus.example'>" LABEL(L1) "</message>", DECISION_REJECT, "clearance");
	decides(&judges, M("", "<body/>" LABEL(L1)), DECISION_PASS, "zone");
	decides(&judges, "<message from='ann@saturn.example.org' to='CARL@mercury.example.net'>" LABEL(L1) "</message>", DECISION_REJECT, "clearance");
	judges_end(&judges);
}

static void a_default_label_is_put_on(void **state)
{
	struct judges judges;

	(void)state;
	judges_begin(&judges, LABELLED("") "clearances: [{who: \"*@venus.example\", clearance: \"FARM: OPEN\"}]\n");
	leaves_as(&judges, "<message from='x@venus.example' to='ann@saturn.example.org'><body>b</body></message>",
		  "<message from='x@venus.example' to='ann@saturn.example.org'><body>b</body><securitylabel xmlns='urn:xmpp:sec-label:0'>"
		  "<label><esssecuritylabel "
		  "xmlns='urn:xmpp:sec-label:ess:0'>" L1 "</esssecuritylabel></label></securitylabel></message>");
	judges_end(&judges);
}

/* ---- filters ---- */

static const char script[] = "function filter(s)\n"
			     "  local body = s.body or ''\n"
			     "  if body == 'bad' then return 'reject', 'not-acceptable', 'No.' end\n"
			     "  if body == 'drop' then return 'drop' end\n"
			     "  if body == 'error' then error('oops') end\n"
			     "  if body == 'rude' then return 'change', s:edit{body = 'kind'} end\n"
			     "  if body == 'leak' then return 'change', s:edit{body = 'https://example.org/'} end\n"
			     "  return 'pass'\n"
			     "end\n";

struct filtered {
	struct judges judges;
	struct log *log;
	char path[64];
};

static void begin_filtered(struct filtered *filtered, const char *rules)
{
	char yaml[4096];
	int fd;

	*filtered = (struct filtered){.log = log_new(LOG_ERROR, LOG_TEXT, false), .path = "/tmp/test-judge-XXXXXX"};
	assert_true((fd = mkstemp(filtered->path)) >= 0);
	assert_int_equal(write(fd, script, sizeof(script) - 1), sizeof(script) - 1);
	close(fd);
	snprintf(yaml, sizeof(yaml), "%sfilters: {words: {script: %s, time-limit: 1s}}\nrules:\n%s", SPOKES, filtered->path, rules);
	judges_begin(&filtered->judges, yaml);
	assert_int_equal(config_load_filters(filtered->judges.config, false, filtered->log, on_problem, NULL), 0);
	assert_non_null(filtered->judges.filters = filter_set_new(filtered->judges.config->filters, filtered->log));
}

static void end_filtered(struct filtered *filtered)
{
	filter_set_free(&filtered->judges.filters);
	judges_end(&filtered->judges);
	log_free(&filtered->log);
	unlink(filtered->path);
}

static void filters_decide_before_the_action_does(void **state)
{
	struct filtered filtered;
	struct judgement judgement;

	(void)state;
	begin_filtered(&filtered, "  - {name: f, kind: message, filter: words}\n  - {name: rest, kind: message, size-above: 1, action: drop}\n");
	decides(&filtered.judges, M("", "<body>good</body>"), DECISION_DROP, "rest");   /* all pass: the next rule */
	decides(&filtered.judges, M("", "<body>drop</body>"), DECISION_DROP, "f");
	decides(&filtered.judges, "<presence from='a@saturn.example.org' to='mercury.example.net'/>", DECISION_PASS, "zone");
	judgement = judges_judge(&filtered.judges, M("", "<body>bad</body>"));
	assert_int_equal(judgement.verdict.decision, DECISION_REJECT);
	assert_int_equal(judgement.verdict.condition, COND_NOT_ACCEPTABLE);
	assert_string_equal(judgement.verdict.text, "No. (rule f)");
	decides(&filtered.judges, M("", "<body>error</body>"), DECISION_REJECT, "f");
	end_filtered(&filtered);
	begin_filtered(&filtered, "  - {name: f, from: inside, to: outside, filter: words, action: pass}\n");
	decides(&filtered.judges, OUT("message", "", "<body>good</body>"), DECISION_PASS, "f");
	decides(&filtered.judges, OUT("message", "", "<body>bad</body>"), DECISION_REJECT, "f");
	end_filtered(&filtered);
}

static void what_a_filter_makes_of_a_stanza_is_judged_once_more(void **state)
{
	struct filtered filtered;

	(void)state;
	begin_filtered(&filtered, "  - {name: no links, opaque: link, action: reject}\n  - {name: f, filter: words, action: pass}\n");
	leaves_as(&filtered.judges, M("", "<body>rude</body>"),
		  "<message from='ann@saturn.example.org/a' to='bob@mercury.example.net'><body>kind</body></message>");
	decides(&filtered.judges, M("", "<body>rude</body>"), DECISION_STRIP, "f");
	decides(&filtered.judges, M("", "<body>leak</body>"), DECISION_REJECT, "no links");
	end_filtered(&filtered);
}

static void a_watching_rule_asks_filters_and_nothing_comes_of_it(void **state)
{
	struct filtered filtered;

	(void)state;
	begin_filtered(&filtered, "  - {name: f, filter: words, monitor: true}\n");
	assert_int_equal(judges_judge(&filtered.judges, M("", "<body>good</body>")).monitor_count, 0);
	assert_int_equal(judges_judge(&filtered.judges, M("", "<body>bad</body>")).monitor_count, 1);
	leaves_as(&filtered.judges, M("", "<body>rude</body>"), NULL);
	decides(&filtered.judges, M("", "<body>bad</body>"), DECISION_PASS, "zone");
	end_filtered(&filtered);
}

static void without_a_set_of_filters_a_rule_that_asks_one_rejects(void **state)
{
	struct filtered filtered;
	struct filter_set *set;

	(void)state;
	begin_filtered(&filtered, "  - {name: f, filter: words, action: pass}\n");
	set = filtered.judges.filters;
	filtered.judges.filters = NULL;
	decides(&filtered.judges, M("", "<body>good</body>"), DECISION_REJECT, "f");
	filtered.judges.filters = set;
	end_filtered(&filtered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_decide_before_the_action_does),
		cmocka_unit_test(what_a_filter_makes_of_a_stanza_is_judged_once_more),
		cmocka_unit_test(a_watching_rule_asks_filters_and_nothing_comes_of_it),
		cmocka_unit_test(without_a_set_of_filters_a_rule_that_asks_one_rejects),
		cmocka_unit_test(kinds_and_types_are_told_apart),
		cmocka_unit_test(addresses_fit_by_localpart_whatever_its_case),
		cmocka_unit_test(payloads_are_found_wherever_they_stand),
		cmocka_unit_test(sizes_are_those_of_the_bytes_that_came),
		cmocka_unit_test(opaque_content_is_named_by_class),
		cmocka_unit_test(a_rate_fits_what_exceeds_it_for_each_pair),
		cmocka_unit_test(a_monitoring_rule_counts_and_does_nothing),
		cmocka_unit_test(the_rule_s_reference_stands_in_the_text),
		cmocka_unit_test(counters_and_rates_outlive_a_reload),
		cmocka_unit_test(a_pair_is_permitted_where_some_of_its_stanzas_may_pass),
		cmocka_unit_test(what_is_stripped_or_folded_leaves_in_that_shape),
		cmocka_unit_test(a_refusal_of_what_a_room_sends_is_silent),
		cmocka_unit_test(each_rule_that_was_tried_says_why_it_did_not_fit),
		cmocka_unit_test(labels_decide_on_what_rules_let_pass),
		cmocka_unit_test(what_is_forwarded_inside_is_judged_too),
		cmocka_unit_test(a_denial_is_silent_where_it_is_not_to_be_revealed),
		cmocka_unit_test(with_labels_on_errors_are_cut_down_and_those_with_a_label_dropped),
		cmocka_unit_test(with_labels_on_opaque_content_passes_by_a_rule_that_names_it_alone),
		cmocka_unit_test(rules_ask_about_labels),
		cmocka_unit_test(clearances_of_addresses_count_beside_those_of_spokes),
		cmocka_unit_test(a_default_label_is_put_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
