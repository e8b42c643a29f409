/* SPDX-License-Identifier: Apache-2.0
 * Verdict, record, link; and the way back of what could not be delivered. */
#include "relay/relay.h"

#include <stdlib.h>

struct relay {
	const struct site *site;
	struct audit *audit;
	struct blocks *blocks;
	struct tap *tap;
	struct outbound *outbound;
	const struct policy *policy;
	const struct own_contact *contacts;
	unsigned contact_count;
	relay_settled_fn *settled;      /* NULL: nobody wants to know */
	void *settled_ctx;
	struct arena scratch;           /* within one call */
};

/* What became of a stanza that had passed, and waited. */
static struct audit_record record_of_queued(const struct relay *relay, const struct domain_pair *pair, const struct stanza_reply *reply, struct str bytes,
					    const struct ticket *ticket, enum decision decision, const char *rule, enum stanza_condition condition)
{
	return (struct audit_record){
		.wall_ms = loop_wall_ms(relay->site->loop), .pair = *pair, .kind = reply->kind, .id = reply->id, .size_bytes = bytes.len,
		.decision = decision, .rule = rule, .condition = condition, .proof_in = ticket->proof_in, .proof_out = PROOF_NONE,
		.outcome_of = ticket->audit_seq, .level = AUDIT_BRIEF,
	};
}

static void on_bounce(void *ctx, const struct domain_pair *pair, struct str bytes, const struct ticket *ticket,
		      enum stanza_condition condition, const char *text);
static void on_dropped(void *ctx, const struct domain_pair *pair, struct str bytes, const struct ticket *ticket);
static void on_settled(void *ctx, struct receipt first, uint64_t count);
static void on_pressure(void *ctx, struct link *link, bool is_congested);

static bool on_permits(void *ctx, const struct domain_pair *pair);

static const struct outbound_handler outbound_handler = {
	.bounce = on_bounce, .dropped = on_dropped, .settled = on_settled, .pressure = on_pressure, .permits = on_permits,
};

/* Strict: what is on record may go. */
static void on_durable(void *ctx)
{
	struct relay *relay = ctx;

	outbound_gate(relay->outbound, audit_durable(relay->audit));
}

struct relay *relay_new(const struct relay_options *options)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (!relay)
		return NULL;
	relay->site = options->site;
	relay->audit = options->audit;
	relay->blocks = options->blocks;
	relay->tap = options->tap;
	if (!(relay->outbound = outbound_new(options->site, &outbound_handler, relay))) {
		free(relay);
		return NULL;
	}
	outbound_gate(relay->outbound, audit_durable(relay->audit));
	if (audit_is_strict(relay->audit))
		audit_on_durable(relay->audit, on_durable, relay);
	return relay;
}

void relay_free(struct relay **relay)
{
	if (!*relay)
		return;
	audit_on_durable((*relay)->audit, NULL, NULL);
	outbound_free(&(*relay)->outbound);
	arena_fini(&(*relay)->scratch);
	free(*relay);
	*relay = NULL;
}

void relay_set_policy(struct relay *relay, const struct policy *policy)
{
	relay->policy = policy;
}

void relay_set_contacts(struct relay *relay, const struct own_contact *contacts, unsigned count)
{
	relay->contacts = contacts;
	relay->contact_count = count;
}

void relay_set_settled(struct relay *relay, relay_settled_fn *fn, void *ctx)
{
	relay->settled = fn;
	relay->settled_ctx = ctx;
}

static void on_settled(void *ctx, struct receipt first, uint64_t count)
{
	struct relay *relay = ctx;

	if (first.stream && relay->settled)
		relay->settled(relay->settled_ctx, first, count);
}

struct outbound *relay_outbound(struct relay *relay)
{
	return relay->outbound;
}

/* ---- verdict ---- */

#define BLOCKED "blocked"

static bool is_blocked(struct relay *relay, const struct domain_pair *pair)
{
	const int64_t now = loop_wall_ms(relay->site->loop);

	return blocks_has_domain(relay->blocks, pair->sender, now) || blocks_has_domain(relay->blocks, pair->target, now);
}

/* What no rule can change. False: the policy decides. */
static bool judge_without_policy(struct relay *relay, const struct domain_pair *pair, struct verdict *ret_verdict)
{
	static const struct verdict own_domain = {.decision = DECISION_REJECT, .rule = "own-domain", .condition = COND_POLICY_VIOLATION};
	static const struct verdict blocked = {.decision = DECISION_REJECT, .rule = BLOCKED, .condition = COND_POLICY_VIOLATION};
	static const struct verdict to_ourselves = {.decision = DECISION_PASS, .rule = "own-domain"};
	static const struct verdict not_served = {.decision = DECISION_REJECT, .rule = "sender-not-served", .condition = COND_POLICY_VIOLATION};
	const struct route *route = relay->site->route;
	const struct str own = str_of(relay->site->trunk);

	if (str_eq(pair->sender, own))
		*ret_verdict = own_domain;
	else if (is_blocked(relay, pair) && (str_eq(pair->target, own) || route_find(route, pair->target)))
		*ret_verdict = blocked;
	else if (str_eq(pair->target, own))
		*ret_verdict = route_find(route, pair->sender) ? to_ourselves : not_served;
	else
		return false;
	return true;
}

struct verdict relay_judge_pair(struct relay *relay, const struct domain_pair *pair)
{
	const struct route *route = relay->site->route;
	struct verdict verdict;

	if (judge_without_policy(relay, pair, &verdict))
		return verdict;
	return policy_judge_pair(relay->policy, pair, route_find(route, pair->sender), route_find(route, pair->target));
}

static bool on_permits(void *ctx, const struct domain_pair *pair)
{
	struct relay *relay = ctx;

	return str_is(pair->sender, relay->site->trunk) || relay_judge_pair(relay, pair).decision == DECISION_PASS;
}

static enum custody custody_of(const struct relay *relay, struct str target)
{
	const struct spoke *spoke = route_find(relay->site->route, target);

	return spoke ? spoke->custody : CUSTODY_NONE;
}

static void lane_judge(struct relay_lane *lane)
{
	static const struct verdict no_memory = {.decision = DECISION_REJECT, .rule = "no-memory", .condition = COND_RESOURCE_CONSTRAINT};
	struct relay *relay = lane->relay;
	const struct route *route = relay->site->route;

	policy_pair_free(&lane->rules);
	lane->is_blocked = false;
	lane->custody = custody_of(relay, lane->pair.target);
	if (judge_without_policy(relay, &lane->pair, &lane->verdict)) {
		lane->is_blocked = strcmp(lane->verdict.rule, BLOCKED) == 0;
		return;
	}
	lane->rules = policy_pair_new(relay->policy, &lane->pair, route_find(route, lane->pair.sender), route_find(route, lane->pair.target));
	lane->verdict = lane->rules ? policy_pair_verdict(lane->rules) : no_memory;
}

/* A verdict on a pair holds until configuration or blocks change; one by a block may end with it. */
static const struct verdict *lane_verdict(struct relay_lane *lane)
{
	struct relay *relay = lane->relay;
	const unsigned generation = relay->site->generation + blocks_changes(relay->blocks);

	if (lane->generation != generation || lane->is_blocked || (!lane->rules && lane->verdict.decision != DECISION_PASS)) {
		lane_judge(lane);
		lane->generation = generation;
	}
	return &lane->verdict;
}

/* The verdict on a stanza of a pair that is permitted and proved. */
static void judge_stanza(struct relay_lane *lane, const struct xml_reader *reader, const struct stanza *stanza,
			 struct judgement *judgement)
{
	struct relay *relay = lane->relay;
	const struct policy_case the_case = {
		.stanza = stanza, .header = xml_reader_header(reader), .arena = &relay->scratch, .now_ms = loop_now_ms(relay->site->loop),
		.wall_ms = loop_wall_ms(relay->site->loop), .filters = relay->site->filters,
	};

	if (lane->rules && !policy_pair_is_final(lane->rules)) {
		policy_judge(lane->rules, &the_case, judgement);
		return;
	}
	if (lane->rules)
		policy_pair_count(lane->rules);
	judgement->verdict = lane->verdict;
}

/* ---- record ---- */

static struct str spoke_name(const struct relay *relay, struct str domain)
{
	const struct spoke *spoke = route_find(relay->site->route, domain);

	return str_of(spoke ? spoke->name : NULL);
}

/* For who watches. */
static void show(struct relay *relay, const struct audit_record *record, struct str bytes, const char *text, unsigned line)
{
	const struct tap_seen seen = {
		.wall_ms = record->wall_ms, .pair = record->pair, .sender_spoke = spoke_name(relay, record->pair.sender),
		.target_spoke = spoke_name(relay, record->pair.target), .kind = record->kind, .bytes = bytes, .size_bytes = bytes.len,
		.decision = record->decision, .rule = str_of(record->rule), .label = record->label, .text = str_of(text), .line = line,
		.condition = record->condition, .proof_in = record->proof_in, .proof_out = record->proof_out,
	};

	tap_see(relay->tap, &seen);
}

static struct str decoded(struct relay *relay, const struct xml_element *element, struct str raw)
{
	return element->has_escapes ? xml_decode(&relay->scratch, raw) : raw;
}

/* What a rule that only watches would have done. */
static enum decision rule_decision(const struct rule *rule)
{
	switch (rule->action) {
	case RULE_PASS: return DECISION_PASS;
	case RULE_DROP: return DECISION_DROP;
	case RULE_STRIP:
	case RULE_FOLD: return DECISION_STRIP;
	case RULE_NEXT:
	case RULE_REJECT: break;
	}
	return DECISION_REJECT;
}

/* Records the verdict on a stanza, or what became of it behind the record `outcome_of`. Returns as audit_record() does. */
static int record(struct relay *relay, const struct domain_pair *pair, const struct stanza *stanza, const struct judgement *judgement,
		  enum proof proof_in, enum proof proof_out, uint64_t outcome_of, uint64_t *ret_seq)
{
	const struct xml_element *element = stanza->element;
	const struct verdict *verdict = &judgement->verdict;
	const struct audit_record record = {
		.wall_ms = loop_wall_ms(relay->site->loop), .pair = *pair, .kind = stanza->kind, .type = decoded(relay, element, element->type),
		.id = decoded(relay, element, element->id), .size_bytes = element->bytes.len, .decision = verdict->decision, .rule = verdict->rule,
		.line = verdict->line, .condition = verdict->condition, .proof_in = proof_in, .proof_out = proof_out, .element = element,
		.label = judgement->label, .reason = judgement->reason, .level = (enum audit_level)judgement->record,
		.monitor = judgement->monitor_count ? judgement->monitors[0]->name : NULL,
		.monitor_decision = judgement->monitor_count ? rule_decision(judgement->monitors[0]) : 0,
		.from = decoded(relay, element, element->from), .to = decoded(relay, element, element->to), .outcome_of = outcome_of,
	};

	if (tap_is_on(relay->tap))
		show(relay, &record, element->bytes, verdict->text, verdict->line);
	return audit_record(relay->audit, &record, ret_seq);
}

/* ---- errors on their way back ---- */

/* What is answered is in other hands when its answer is. An answer that goes nowhere holds nothing up: its stanza is on record. */
static void send_back(struct relay *relay, const struct domain_pair *pair, struct str bytes, struct receipt receipt)
{
	const struct domain_pair reverse = {.sender = pair->target, .target = pair->sender};
	const struct ticket ticket = {.proof_in = PROOF_NONE, .custody = custody_of(relay, pair->sender), .receipt = receipt};
	struct link *link;

	if (!(link = outbound_answer_link(relay->outbound, &reverse)) || link_send(link, bytes, &ticket) < 0) {
		LOG(relay->site->log, LOG_WARNING, "error-stanza-dropped", KV("sender", reverse.sender), KV("target", reverse.target),
		    KV_C("reason", link ? "the queue to its receiver is full" : "too many links would be opened for answers"));
		on_settled(relay, receipt, 1);
	}
	link_release(&link);
}

static void answer(struct relay *relay, const struct domain_pair *pair, const struct stanza_reply *reply, enum stanza_condition condition,
		   const char *text, struct receipt receipt)
{
	struct buf out = {0};

	if (reply->is_answerable && stanza_error_write(&out, reply, condition, text, relay->site->trunk) == 0)
		send_back(relay, pair, buf_str(&out), receipt);
	else
		on_settled(relay, receipt, 1);
	buf_fini(&out);
}

static void refuse(struct relay *relay, const struct domain_pair *pair, const struct stanza *stanza, enum proof proof,
		   const struct judgement *judgement, struct receipt receipt, uint64_t outcome_of)
{
	const struct verdict *verdict = &judgement->verdict;
	struct stanza_reply reply;

	record(relay, pair, stanza, judgement, proof, PROOF_NONE, outcome_of, NULL);
	if (verdict->decision != DECISION_DROP && stanza_reply_of(&relay->scratch, stanza, &reply) == 0)
		answer(relay, pair, &reply, verdict->condition, verdict->text, receipt);
	else
		on_settled(relay, receipt, 1);
	arena_clear(&relay->scratch);
}

void relay_refuse(struct relay *relay, const struct domain_pair *pair, const struct stanza *stanza, enum proof proof,
		  const struct verdict *verdict, struct receipt receipt)
{
	refuse(relay, pair, stanza, proof, &(struct judgement){.verdict = *verdict}, receipt, 0);
}

/* A stanza that a link had taken comes back: its sender is told, and the record gets its outcome. */
/* An error of ours that a stop can't deliver: its stanza stays unacknowledged, so that the sender's own server tells what became of it. */
static bool is_left_to_sender(const struct relay *relay, const struct stanza_reply *reply, const struct ticket *ticket)
{
	return outbound_is_draining(relay->outbound) && ticket->proof_in == PROOF_NONE && !reply->is_answerable;
}

static void on_bounce(void *ctx, const struct domain_pair *pair, struct str bytes, const struct ticket *ticket,
		      enum stanza_condition condition, const char *text)
{
	struct relay *relay = ctx;
	struct arena arena = {0};
	struct stanza_reply reply;

	if (stanza_reply_parse(&arena, bytes, &reply) == 0) {
		const struct audit_record record = record_of_queued(relay, pair, &reply, bytes, ticket, DECISION_BOUNCE, text ? text : "undeliverable", condition);

		audit_record(relay->audit, &record, NULL);
		if (tap_is_on(relay->tap))
			show(relay, &record, bytes, text, 0);
		if (!is_left_to_sender(relay, &reply, ticket))
			answer(relay, pair, &reply, condition, text, ticket->receipt);
	} else {
		on_settled(relay, ticket->receipt, 1);
	}
	arena_fini(&arena);
}

/* An operator dropped it: for the record alone. */
static void on_dropped(void *ctx, const struct domain_pair *pair, struct str bytes, const struct ticket *ticket)
{
	struct relay *relay = ctx;
	struct arena arena = {0};
	struct stanza_reply reply;

	if (stanza_reply_parse(&arena, bytes, &reply) == 0) {
		const struct audit_record record = record_of_queued(relay, pair, &reply, bytes, ticket, DECISION_DROP, "operator", STANZA_CONDITION_NONE);

		audit_record(relay->audit, &record, NULL);
	}
	arena_fini(&arena);
	on_settled(relay, ticket->receipt, 1);
}

/* ---- the way on ---- */

static void on_pressure(void *ctx, struct link *link, bool is_congested)
{
	(void)ctx;
	LIST_EACH (pos, link_holders(link)) {
		struct relay_lane *lane = LIST_OF(pos, struct relay_lane, in_link);

		if (lane->pressure)
			lane->pressure(lane->ctx, is_congested);
	}
}

static int hold_link(struct relay_lane *lane)
{
	if (lane->link)
		return 0;
	if (!(lane->link = outbound_link(lane->relay->outbound, &lane->pair)))
		return TRUNK_ENOMEM;
	list_add_tail(link_holders(lane->link), &lane->in_link);
	/* A target that is under pressure already does not tell of it again. */
	if (link_is_congested(lane->link) && lane->pressure)
		lane->pressure(lane->ctx, true);
	return 0;
}

/* The language that the stream's header gives to all that has none. */
static struct str header_lang(const struct xml_header *header)
{
	for (unsigned i = 0; i < header->attr_count; i++)
		if (str_is(header->attrs[i].ns, XML_NS_XML) && str_is(header->attrs[i].name, "lang"))
			return header->attrs[i].value;
	return STR_NONE;
}

/* A stanza that leaves in another shape: written from its tree, with what its header said of it. */
static int write_shaped(struct relay *relay, const struct xml_reader *reader, const struct stanza *stanza, struct xml_node *shaped,
			struct buf *out)
{
	const struct str lang = header_lang(xml_reader_header(reader));
	int err;

	if (str_is_absent(stanza->element->lang) && !str_is_absent(lang) &&
	    (err = xml_node_set(&relay->scratch, shaped, "xml:lang", lang)) < 0)
		return err;
	return xml_tree_write(shaped, NULL, out);
}

/* Nothing goes on without its record: it is made when there is room for the stanza, and before the link has it. `*ret_seq` is the record's
 * number, also where the link took nothing afterwards; 0: there is none. */
static int forward(struct relay_lane *lane, const struct xml_reader *reader, const struct stanza *stanza, const struct judgement *judgement,
		   struct receipt receipt, uint64_t *ret_seq)
{
	struct ticket ticket = {
		.proof_in = lane->proof, .custody = judgement->verdict.custody ? judgement->verdict.custody : lane->custody, .receipt = receipt,
	};
	struct xml_node *shaped = judgement->shaped;
	struct relay *relay = lane->relay;
	struct buf *out;
	int err;

	if ((err = hold_link(lane)) < 0)
		return err;
	if (!(out = link_begin(lane->link)))
		return TRUNK_ELIMIT;
	err = shaped ? write_shaped(relay, reader, stanza, shaped, out) : xml_element_write(reader, stanza->element, &relay->scratch, out);
	if (err < 0)
		goto undo;
	if (record(relay, &lane->pair, stanza, judgement, lane->proof, link_proof(lane->link), 0, &ticket.audit_seq) < 0) {
		err = TRUNK_EPERM;
		goto undo;
	}
	*ret_seq = ticket.audit_seq;
	return link_end(lane->link, &ticket);
undo:
	link_abort(lane->link);
	return err;
}

static void answer_as_ourselves(struct relay_lane *lane, const struct xml_reader *reader, const struct stanza *stanza, struct receipt receipt)
{
	struct relay *relay = lane->relay;
	const int64_t now = loop_wall_ms(relay->site->loop);
	const struct own_facts facts = {
		.wall_ms = now, .uptime_seconds = (now - relay->site->started_ms) / 1000, .contacts = relay->contacts,
		.contact_count = relay->contact_count,
	};
	struct buf out = {0};

	if (own_answer(&out, &relay->scratch, stanza, xml_reader_header(reader), &facts) == 0 && buf_len(&out) > 0)
		send_back(relay, &lane->pair, buf_str(&out), receipt);
	else
		on_settled(relay, receipt, 1);
	buf_fini(&out);
}

/* An answer that the trunk itself asked for; nobody behind it did. */
static bool is_probe_answer(const struct relay_lane *lane, const struct stanza *stanza)
{
	return (stanza->type == STANZA_TYPE_RESULT || stanza->type == STANZA_TYPE_ERROR) &&
	       (str_is(stanza->to.resource, PROBE_RESOURCE) || str_is(stanza->to.resource, BARRIER_RESOURCE)) &&
	       outbound_is_awaited(lane->relay->outbound, &lane->pair, stanza->element->id);
}

static bool is_let_through(const struct verdict *verdict)
{
	return verdict->decision == DECISION_PASS || verdict->decision == DECISION_STRIP;
}

/* Of a lane that is permitted and proved. */
static void relay_judged(struct relay_lane *lane, const struct xml_reader *reader, const struct stanza *stanza,
			 struct judgement *judgement, struct receipt receipt)
{
	static const struct verdict full = {.decision = DECISION_BOUNCE, .rule = "queue-full", .condition = COND_RESOURCE_CONSTRAINT};
	static const struct verdict unrecorded = {.decision = DECISION_BOUNCE, .rule = "unrecorded", .condition = COND_RESOURCE_CONSTRAINT};
	struct relay *relay = lane->relay;
	uint64_t seq = 0;
	int err = 0;

	judge_stanza(lane, reader, stanza, judgement);
	if (!is_let_through(&judgement->verdict)) {
		refuse(relay, &lane->pair, stanza, lane->proof, judgement, receipt, 0);
		return;
	}
	lane->stanzas++;
	lane->bytes += stanza->element->bytes.len;
	if (!str_eq(lane->pair.target, str_of(relay->site->trunk)))
		err = forward(lane, reader, stanza, judgement, receipt, &seq);
	else if (record(relay, &lane->pair, stanza, judgement, lane->proof, PROOF_NONE, 0, NULL) < 0)
		err = TRUNK_EPERM;
	else
		answer_as_ourselves(lane, reader, stanza, receipt);
	if (err < 0) {
		judgement->verdict = err == TRUNK_EPERM ? unrecorded : full;
		refuse(relay, &lane->pair, stanza, lane->proof, judgement, receipt, seq);
	}
}

void relay_stanza(struct relay_lane *lane, const struct xml_reader *reader, const struct stanza *stanza, struct receipt receipt)
{
	static const struct verdict unproved = {.decision = DECISION_REJECT, .rule = "pair-not-proved", .condition = COND_NOT_AUTHORIZED};
	struct relay *relay = lane->relay;
	struct judgement judgement = {.verdict = *lane_verdict(lane)};

	if (judgement.verdict.decision == DECISION_PASS && lane->proof == PROOF_NONE)
		judgement.verdict = unproved;
	else if (judgement.verdict.decision != DECISION_PASS && lane->rules)
		policy_pair_count(lane->rules);
	if (judgement.verdict.decision != DECISION_PASS)
		refuse(relay, &lane->pair, stanza, lane->proof, &judgement, receipt, 0);
	else if (is_probe_answer(lane, stanza))
		on_settled(relay, receipt, 1);
	else
		relay_judged(lane, reader, stanza, &judgement, receipt);
	arena_clear(&relay->scratch);
}

int relay_lane_init(struct relay_lane *lane, struct relay *relay, const struct domain_pair *pair, enum proof proof)
{
	*lane = (struct relay_lane){.relay = relay, .proof = proof};
	list_init(&lane->in_link);
	lane->pair.sender = (struct str){str_dup(pair->sender), pair->sender.len};
	lane->pair.target = (struct str){str_dup(pair->target), pair->target.len};
	if (lane->pair.sender.at && lane->pair.target.at)
		return 0;
	relay_lane_fini(lane);
	return TRUNK_ENOMEM;
}

void relay_lane_fini(struct relay_lane *lane)
{
	list_remove(&lane->in_link);
	link_release(&lane->link);
	policy_pair_free(&lane->rules);
	free((char *)(uintptr_t)lane->pair.sender.at);
	free((char *)(uintptr_t)lane->pair.target.at);
	lane->pair = (struct domain_pair){STR_NONE, STR_NONE};
}

bool relay_lane_is_congested(const struct relay_lane *lane)
{
	return lane->link && link_is_congested(lane->link);
}
