/* SPDX-License-Identifier: Apache-2.0
 * One stanza in, one verdict, one record, one link out: over links that only remember. */
#include "relay/relay.h"

#include "fake_outbound.h"
#include "../stanza/reads.h"

static const char *const saturn_domains[] = {"saturn.example.org", NULL}, *const mercury_domains[] = {"mercury.example.net",
												      NULL};
static const char *const pluto_domains[] = {"pluto.example", NULL};
static const struct zone internal = {.name = "internal"}, outside = {.name = "outside"};
static const struct spoke spokes[] = {
	{.name = "saturn", .domains = saturn_domains, .zone = &internal},
	{.name = "mercury", .domains = mercury_domains, .zone = &internal},
	{.name = "pluto", .domains = pluto_domains, .zone = &outside},
};

struct world {
	struct site site;
	struct relay *relay;
	struct outbound *outbound;
	struct policy *policy;
	struct blocks *blocks;
	struct audit *audit;
	struct tap *tap;
	struct relay_lane lane;
	struct receipt receipt;         /* of the next stanza */
	uint64_t settled;
	struct buf records;             /* lines of the log */
	unsigned pressed;
	bool is_pressed;
};

static void on_line(void *ctx, enum log_level level, struct str line)
{
	struct world *world = ctx;

	(void)level;
	buf_add(&world->records, line);
	buf_add_cstr(&world->records, "\n");
}

static void on_settled(void *ctx, struct receipt first, uint64_t count)
{
	struct world *world = ctx;

	assert_int_equal(first.stream, world->receipt.stream);
	assert_int_equal(first.seq, world->receipt.seq);
	world->settled += count;
}

static int set_up(void **state)
{
	static struct world world;
	struct relay_options options = {.site = &world.site};

	world = (struct world){.site = {.loop = loop_new(), .log = log_new(LOG_INFO, LOG_TEXT, false), .generation = 1}};
	log_set_sink(world.site.log, on_line, &world);
	world.site.trunk = "trunk.example.com";
	world.site.route = route_new(spokes, 3, NULL, 0);
	options.blocks = world.blocks = blocks_new();
	if (!(world.audit = audit_new(world.site.loop, world.site.log, NULL, true)))
		return -1;
	options.audit = world.audit;
	options.tap = world.tap = tap_new();
	world.relay = relay_new(&options);
	world.outbound = relay_outbound(world.relay);
	world.policy = policy_new(&(struct policy_options){0});
	relay_set_policy(world.relay, world.policy);
	relay_set_settled(world.relay, on_settled, &world);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (world->lane.relay)
		relay_lane_fini(&world->lane);
	relay_free(&world->relay);
	policy_free(&world->policy);
	blocks_free(&world->blocks);
	audit_free(&world->audit);
	tap_free(&world->tap);
	route_free((struct route **)&world->site.route);
	log_free(&world->site.log);
	loop_free(&world->site.loop);
	buf_fini(&world->records);
	return 0;
}

static struct verdict judge(struct world *world, const char *sender, const char *target)
{
	const struct domain_pair pair = {str_of(sender), str_of(target)};

	return relay_judge_pair(world->relay, &pair);
}

static void open_lane(struct world *world, const char *sender, const char *target, enum proof proof)
{
	const struct domain_pair pair = {str_of(sender), str_of(target)};

	if (world->lane.relay)
		relay_lane_fini(&world->lane);
	assert_int_equal(relay_lane_init(&world->lane, world->relay, &pair, proof), 0);
}

/* Gives `text` to the lane. */
static void pass(struct world *world, const char *text)
{
	struct stanza stanza;
	struct reads reads;

	reads_begin(&reads, text);
	assert_int_equal(stanza_parse(&reads.element, &reads.arena, &stanza), 0);
	relay_stanza(&world->lane, reads.reader, &stanza, world->receipt);
	reads_end(&reads);
	loop_advance(world->site.loop, loop_now_ms(world->site.loop));
}

static void took(struct world *world, const char *sender, const char *target, const char *expected)
{
	const struct str taken = fake_taken(world->outbound, sender, target);

	if (!str_is(taken, expected))
		fail_msg("%.*s\ninstead of\n%s", (int)taken.len, taken.at, expected);
}

static void recorded(struct world *world, const char *expected)
{
	if (!memmem(buf_str(&world->records).at, buf_len(&world->records), expected, strlen(expected)))
		fail_msg("no '%s' in %.*s", expected, (int)buf_len(&world->records), buf_str(&world->records).at);
}

#define MESSAGE "<message id='m1' from='ann@saturn.example.org' to='bob@mercury.example.net'><body>noon</body></message>"
#define REFUSED(type, condition)                                                                                               \
	"<message id='m1' from='bob@mercury.example.net' to='ann@saturn.example.org' type='error'><error type='" type          \
	"' by='trunk.example.com'><" condition " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"

static void pairs_are_judged_by_route_policy_and_blocks(void **state)
{
	struct world *world = *state;

	assert_int_equal(judge(world, "saturn.example.org", "mercury.example.net").decision, DECISION_PASS);
	assert_int_equal(judge(world, "saturn.example.org", "pluto.example").decision, DECISION_REJECT);
	assert_int_equal(judge(world, "saturn.example.org", "nowhere.example").condition, COND_REMOTE_SERVER_NOT_FOUND);
	assert_int_equal(judge(world, "nowhere.example", "saturn.example.org").decision, DECISION_REJECT);
	blocks_add(world->blocks, STR("mercury.example.net"), 0);
	assert_string_equal(judge(world, "saturn.example.org", "mercury.example.net").rule, "blocked");
	assert_string_equal(judge(world, "mercury.example.net", "saturn.example.org").rule, "blocked");
}

static void the_own_domain_hears_served_domains_and_nobody_speaks_as_it(void **state)
{
	struct world *world = *state;

	assert_int_equal(judge(world, "saturn.example.org", "trunk.example.com").decision, DECISION_PASS);
	assert_int_equal(judge(world, "pluto.example", "trunk.example.com").decision, DECISION_PASS);
	assert_int_equal(judge(world, "nowhere.example", "trunk.example.com").decision, DECISION_REJECT);
	assert_int_equal(judge(world, "trunk.example.com", "saturn.example.org").decision, DECISION_REJECT);
	blocks_add(world->blocks, STR("saturn.example.org"), 0);
	assert_int_equal(judge(world, "saturn.example.org", "trunk.example.com").decision, DECISION_REJECT);
}

static void a_permitted_stanza_goes_out_unchanged_and_is_recorded(void **state)
{
	struct world *world = *state;

	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_EXTERNAL);
	pass(world, MESSAGE);
	took(world, "saturn.example.org", "mercury.example.net", MESSAGE);
	recorded(world, "kind=message type=\"\" id=m1 size=103 decision=pass rule=zone condition=\"\" proof_in=external "
			"proof_out=dialback");
	assert_int_equal(fake_link(world->outbound, "saturn.example.org", "mercury.example.net")->ticket.proof_in, PROOF_EXTERNAL);
	assert_int_equal(world->lane.stanzas, 1);
	assert_int_equal(world->lane.bytes, sizeof(MESSAGE) - 1);
}

/* design.md §3: pair permitted but not proved on this stream. */
static void an_unproved_pair_is_told_not_authorized(void **state)
{
	struct world *world = *state;

	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_NONE);
	pass(world, MESSAGE);
	took(world, "saturn.example.org", "mercury.example.net", "");
	took(world, "mercury.example.net", "saturn.example.org", REFUSED("auth", "not-authorized"));
	recorded(world, "decision=reject rule=pair-not-proved condition=not-authorized proof_in=none");
	assert_true(fake_link(world->outbound, "mercury.example.net", "saturn.example.org")->is_answer);
}

static void a_rejected_stanza_is_answered_and_not_sent(void **state)
{
	struct world *world = *state;

	open_lane(world, "saturn.example.org", "pluto.example", PROOF_EXTERNAL);
	pass(world, "<message id='m1' from='ann@saturn.example.org' to='bob@pluto.example'/>");
	took(world, "saturn.example.org", "pluto.example", "");
	took(world, "pluto.example", "saturn.example.org",
	     "<message id='m1' from='bob@pluto.example' to='ann@saturn.example.org' type='error'><error type='modify' "
	     "by='trunk.example.com'>"
	     "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' "
	     "xml:lang='en'>Not passed by policy (rule zone).</text></error></message>");
	recorded(world, "decision=reject rule=zone condition=policy-violation");
	assert_int_equal(world->lane.stanzas, 0);
}

/* design.md §3; RFC 6120 §8.3.1. */
static void errors_results_and_presence_are_recorded_not_answered(void **state)
{
	struct world *world = *state;

	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_NONE);
	pass(world, "<message type='error' id='e' from='saturn.example.org' to='mercury.example.net'/>");
	pass(world, "<message type='&#101;rror' id='f' from='saturn.example.org' to='mercury.example.net'/>");
	pass(world, "<iq type='result' id='r' from='saturn.example.org' to='mercury.example.net'/>");
	pass(world, "<presence id='p' from='saturn.example.org' to='mercury.example.net'/>");
	took(world, "mercury.example.net", "saturn.example.org", "");
	recorded(world, "id=e size=");
	recorded(world, "id=f size=");
	recorded(world, "id=r size=");
	recorded(world, "id=p size=");
}

static void a_full_queue_bounces_the_newest(void **state)
{
	struct world *world = *state;

	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_DIALBACK);
	world->outbound->is_full = true;
	pass(world, MESSAGE);
	took(world, "saturn.example.org", "mercury.example.net", "");
	recorded(world, "decision=bounce rule=queue-full condition=resource-constraint");
}

static void a_block_counts_from_the_next_stanza_on_and_so_does_its_end(void **state)
{
	struct world *world = *state;

	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_EXTERNAL);
	pass(world, MESSAGE);
	blocks_add(world->blocks, STR("mercury.example.net"), 1000);
	pass(world, MESSAGE);
	recorded(world, "decision=reject rule=blocked");
	took(world, "saturn.example.org", "mercury.example.net", MESSAGE);
	loop_advance(world->site.loop, 1000);
	pass(world, MESSAGE);
	took(world, "saturn.example.org", "mercury.example.net", MESSAGE MESSAGE);
}

/* design.md §4: verdicts follow the new file from the next stanza on. */
static void a_new_configuration_counts_from_the_next_stanza_on(void **state)
{
	static const struct rule closed = {
		.name = "closed", .line = 3, .action = RULE_REJECT, .condition = "forbidden", .text = "closed by rule"};
	struct world *world = *state;
	struct policy *next = policy_new(&(struct policy_options){.rules = &closed, .rule_count = 1});

	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_EXTERNAL);
	pass(world, MESSAGE);
	relay_set_policy(world->relay, next);
	world->site.generation++;
	pass(world, MESSAGE);
	took(world, "saturn.example.org", "mercury.example.net", MESSAGE);
	took(world, "mercury.example.net", "saturn.example.org",
	     "<message id='m1' from='bob@mercury.example.net' to='ann@saturn.example.org' type='error'><error type='auth' "
	     "by='trunk.example.com'>"
	     "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
	     "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>closed by rule (rule closed)</text></error></message>");
	recorded(world, "decision=reject rule=closed condition=forbidden");
	policy_free(&next);
}

static void the_own_domain_answers_and_its_answer_goes_back(void **state)
{
	struct world *world = *state;

	open_lane(world, "saturn.example.org", "trunk.example.com", PROOF_EXTERNAL);
	pass(world,
	     "<iq type='get' id='i1' from='ann@saturn.example.org' to='trunk.example.com'><ping xmlns='urn:xmpp:ping'/></iq>");
	took(world, "trunk.example.com", "saturn.example.org",
	     "<iq type='result' id='i1' from='trunk.example.com' to='ann@saturn.example.org'></iq>");
	recorded(world, "kind=iq type=get id=i1");
	recorded(world, "decision=pass rule=own-domain");
}

static void what_a_link_could_not_deliver_is_bounced_and_recorded(void **state)
{
	const struct domain_pair pair = {STR("saturn.example.org"), STR("mercury.example.net")};
	struct world *world = *state;

	world->outbound->handler->bounce(world->outbound->ctx, &pair, STR(MESSAGE), &(struct ticket){.proof_in = PROOF_EXTERNAL, .receipt = {7, 1}},
					 COND_REMOTE_SERVER_TIMEOUT, NULL);
	took(world, "mercury.example.net", "saturn.example.org", REFUSED("wait", "remote-server-timeout"));
	assert_int_equal(fake_link(world->outbound, "mercury.example.net", "saturn.example.org")->ticket.receipt.seq, 1);
	assert_int_equal(world->settled, 0);    /* before its error is in other hands */
	loop_advance(world->site.loop, 0);
	recorded(world, "id=m1 size=103 decision=bounce rule=undeliverable condition=remote-server-timeout proof_in=external");
}

static void a_receipt_goes_with_the_stanza_or_with_its_answer(void **state)
{
	struct world *world = *state;

	world->receipt = (struct receipt){.stream = 5, .seq = 9};
	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_EXTERNAL);
	pass(world, MESSAGE);
	assert_int_equal(fake_link(world->outbound, "saturn.example.org", "mercury.example.net")->ticket.receipt.seq, 9);
	world->receipt.seq = 10;
	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_NONE);
	pass(world, MESSAGE);
	assert_int_equal(fake_link(world->outbound, "mercury.example.net", "saturn.example.org")->ticket.receipt.seq, 10);
	assert_int_equal(world->settled, 0);
}

static void what_nothing_goes_out_for_is_settled_at_once(void **state)
{
	struct world *world = *state;

	world->receipt = (struct receipt){.stream = 5, .seq = 1};
	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_NONE);
	pass(world, "<presence from='ann@saturn.example.org' to='bob@mercury.example.net'/>");
	assert_int_equal(world->settled, 1);
}

static void an_answer_that_finds_no_link_is_given_up_in_peace(void **state)
{
	struct world *world = *state;

	world->receipt = (struct receipt){.stream = 5, .seq = 1};

	world->outbound->has_no_links = true;
	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_NONE);
	pass(world, MESSAGE);
	recorded(world, "decision=reject rule=pair-not-proved");
	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_EXTERNAL);
	pass(world, MESSAGE);           /* no memory for the link itself */
	recorded(world, "decision=bounce");
	assert_int_equal(world->settled, 2);
}

static void an_answer_to_a_probe_of_ours_is_not_passed_on(void **state)
{
	struct world *world = *state;

	world->outbound->awaited_id = "probe1";
	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_EXTERNAL);
	pass(world, "<iq type='result' id='probe1' from='saturn.example.org' to='mercury.example.net/" PROBE_RESOURCE "'/>");
	took(world, "saturn.example.org", "mercury.example.net", "");
	pass(world, "<iq type='result' id='other' from='saturn.example.org' to='mercury.example.net/" PROBE_RESOURCE "'/>");
	took(world, "saturn.example.org", "mercury.example.net",
	     "<iq type='result' id='other' from='saturn.example.org' to='mercury.example.net/" PROBE_RESOURCE "'/>");
}

static void press(void *ctx, bool is_congested)
{
	struct world *world = ctx;

	world->pressed++;
	world->is_pressed = is_congested;
}

static void pressure_reaches_the_lanes_of_the_link_while_they_hold_it(void **state)
{
	struct world *world = *state;
	struct link *link;

	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_EXTERNAL);
	world->lane.pressure = press;
	world->lane.ctx = world;
	assert_false(relay_lane_is_congested(&world->lane));
	pass(world, MESSAGE);
	link = fake_link(world->outbound, "saturn.example.org", "mercury.example.net");
	assert_int_equal(link->users, 1);
	world->outbound->is_congested = true;
	world->outbound->handler->pressure(world->outbound->ctx, link, true);
	assert_int_equal(world->pressed, 1);
	assert_true(world->is_pressed && relay_lane_is_congested(&world->lane));
	world->outbound->handler->pressure(world->outbound->ctx, &world->outbound->links[FAKE_LINKS_MAX - 1], false);
	assert_int_equal(world->pressed, 1);    /* another link's */
	relay_lane_fini(&world->lane);
	world->lane = (struct relay_lane){0};
	assert_int_equal(link->users, 0);
	world->outbound->handler->pressure(world->outbound->ctx, link, false);
	assert_int_equal(world->pressed, 1);
}

static void outbound_may_speak_as_us_and_for_permitted_pairs(void **state)
{
	const struct domain_pair own = {STR("trunk.example.com"), STR("saturn.example.org")};
	const struct domain_pair good = {STR("saturn.example.org"), STR("mercury.example.net")};
	const struct domain_pair bad = {STR("saturn.example.org"), STR("pluto.example")};
	struct world *world = *state;
	const struct outbound_handler *handler = world->outbound->handler;

	assert_true(handler->permits(world->outbound->ctx, &own));
	assert_true(handler->permits(world->outbound->ctx, &good));
	assert_false(handler->permits(world->outbound->ctx, &bad));
}

/* issue 6, point 8: what passes, what is refused and what comes back, each with its verdict. */
static void who_watches_sees_every_verdict(void **state)
{
	const struct tap_filter filter = {.one = STR("saturn")};
	static const struct ticket ticket = {.proof_in = PROOF_DIALBACK};
	const struct domain_pair pair = {STR("saturn.example.org"), STR("mercury.example.net")};
	struct world *world = *state;
	const struct tap_seen *seen;
	struct tap_watch *watch;

	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_DIALBACK);
	pass(world, MESSAGE);           /* before anybody watches */
	assert_int_equal(tap_watch_new(world->tap, &filter, &watch), 0);
	assert_null(tap_watch_next(watch));
	pass(world, MESSAGE);
	assert_non_null(seen = tap_watch_next(watch));
	assert_true(seen->decision == DECISION_PASS && str_is(seen->bytes, MESSAGE) && seen->proof_in == PROOF_DIALBACK);
	assert_true(str_is(seen->sender_spoke, "saturn") && str_is(seen->target_spoke, "mercury"));
	world->outbound->handler->bounce(world->outbound->ctx, &pair, STR(MESSAGE), &ticket, COND_REMOTE_SERVER_TIMEOUT, "gone");
	assert_non_null(seen = tap_watch_next(watch));
	assert_true(seen->decision == DECISION_BOUNCE && seen->condition == COND_REMOTE_SERVER_TIMEOUT && str_is(seen->text, "gone"));
	open_lane(world, "saturn.example.org", "mercury.example.net", PROOF_NONE);
	pass(world, MESSAGE);
	assert_non_null(seen = tap_watch_next(watch));
	assert_true(seen->decision == DECISION_REJECT && str_is(seen->rule, "pair-not-proved"));
	assert_null(tap_watch_next(watch));
	tap_watch_free(&watch);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(pairs_are_judged_by_route_policy_and_blocks),
		TEST(the_own_domain_hears_served_domains_and_nobody_speaks_as_it),
		TEST(a_permitted_stanza_goes_out_unchanged_and_is_recorded),
		TEST(an_unproved_pair_is_told_not_authorized),
		TEST(a_rejected_stanza_is_answered_and_not_sent),
		TEST(errors_results_and_presence_are_recorded_not_answered),
		TEST(a_full_queue_bounces_the_newest),
		TEST(a_block_counts_from_the_next_stanza_on_and_so_does_its_end),
		TEST(a_new_configuration_counts_from_the_next_stanza_on),
		TEST(the_own_domain_answers_and_its_answer_goes_back),
		TEST(what_a_link_could_not_deliver_is_bounced_and_recorded),
		TEST(an_answer_that_finds_no_link_is_given_up_in_peace),
		TEST(a_receipt_goes_with_the_stanza_or_with_its_answer),
		TEST(what_nothing_goes_out_for_is_settled_at_once),
		TEST(an_answer_to_a_probe_of_ours_is_not_passed_on),
		TEST(pressure_reaches_the_lanes_of_the_link_while_they_hold_it),
		TEST(who_watches_sees_every_verdict),
		TEST(outbound_may_speak_as_us_and_for_permitted_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
