/* SPDX-License-Identifier: Apache-2.0
 * XEP-0198: elements in both directions, acknowledgements that fit and those that do not, and handling in any order. */
#include "stream/sm.h"

#include "../stanza/reads.h"

#define SM(rest) rest " xmlns='urn:xmpp:sm:3'"

static struct sm parsed(const char *text)
{
	static struct arena arena;
	struct sm sm = {0};

	arena_clear(&arena);
	assert_int_equal(sm_parse(reads_tree(&arena, text), &sm), 0);
	return sm;
}

static void refused(const char *text, int err)
{
	struct arena arena = {0};
	struct sm sm;

	assert_int_equal(sm_parse(reads_tree(&arena, text), &sm), err);
	arena_fini(&arena);
}

static void writes(const struct sm *sm, const char *text)
{
	struct buf out = {0};

	assert_int_equal(sm_write(&out, sm), 0);
	wrote(&out, text);
	buf_fini(&out);
}

/* XEP-0198 §3, §5. */
static void elements_are_understood(void **state)
{
	struct sm sm;

	(void)state;
	sm = parsed(SM("<enable") " resume='true' max='60'/>");
	assert_true(sm.kind == SM_ENABLE && sm.may_resume && sm.max_seconds == 60);
	sm = parsed(SM("<enable") "/>");
	assert_true(sm.kind == SM_ENABLE && !sm.may_resume && sm.max_seconds == 0);
	sm = parsed(SM("<enabled") " id='some-long-sm-id' resume='1'/>");
	assert_true(sm.kind == SM_ENABLED && sm.may_resume && str_is(sm.id, "some-long-sm-id"));
	sm = parsed(SM("<resume") " h='4294967295' previd='x'/>");
	assert_true(sm.kind == SM_RESUME && sm.h == UINT32_MAX && str_is(sm.id, "x"));
	sm = parsed(SM("<failed") " h='7'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
	assert_true(sm.kind == SM_FAILED && sm.has_h && sm.h == 7 && sm.condition == COND_ITEM_NOT_FOUND);
	sm = parsed(SM("<failed") "/>");
	assert_true(sm.kind == SM_FAILED && !sm.has_h && sm.condition == COND_UNDEFINED_CONDITION);
	assert_true(parsed(SM("<r") "/>").kind == SM_REQUEST);
	sm = parsed(SM("<a") " h='0'/>");
	assert_true(sm.kind == SM_ANSWER && sm.has_h && sm.h == 0);
}

static void the_usual_answer_is_read_without_a_tree(void **state)
{
	uint32_t h = 0;

	(void)state;
	assert_true(sm_answer_read(STR(SM("<a") " h='12'/>"), &h));
	assert_int_equal(h, 12);
	assert_true(sm_answer_read(STR("<a h=\"4294967295\" xmlns=\"urn:xmpp:sm:3\"/>"), &h));
	assert_int_equal(h, UINT32_MAX);
	assert_false(sm_answer_read(STR(SM("<a") " h='12' />"), &h));
	assert_false(sm_answer_read(STR(SM("<a") " h='4294967296'/>"), &h));
	assert_false(sm_answer_read(STR(SM("<a") "/>"), &h));
	assert_false(sm_answer_read(STR(SM("<a") " h='1' h='2'/>"), &h));
	assert_false(sm_answer_read(STR(SM("<a") " x='2'/>"), &h));
	assert_false(sm_answer_read(STR("<a"), &h));
	assert_false(sm_answer_read(STR("<a h='1"), &h));
}

static void what_lacks_its_number_or_id_is_refused(void **state)
{
	(void)state;
	refused(SM("<a") "/>", TRUNK_EINVAL);
	refused(SM("<a") " h=''/>", TRUNK_EINVAL);
	refused(SM("<a") " h='-1'/>", TRUNK_EINVAL);
	refused(SM("<a") " h='4294967296'/>", TRUNK_EINVAL);
	refused(SM("<a") " h='1x'/>", TRUNK_EINVAL);
	refused(SM("<resume") " h='1'/>", TRUNK_EINVAL);
	refused(SM("<resume") " previd='x'/>", TRUNK_EINVAL);
	refused(SM("<t") "/>", TRUNK_ENOENT);
	refused("<r xmlns='urn:xmpp:sm:2'/>", TRUNK_ENOENT);
}

static void elements_are_written(void **state)
{
	(void)state;
	writes(&(struct sm){.kind = SM_ENABLE, .may_resume = true}, SM("<enable") " resume='true'/>");
	writes(&(struct sm){.kind = SM_ENABLED, .id = STR("a'b"), .may_resume = true, .max_seconds = 60},
	       SM("<enabled") " id='a&apos;b' resume='true' max='60'/>");
	writes(&(struct sm){.kind = SM_RESUME, .id = STR("x"), .has_h = true, .h = UINT32_MAX}, SM("<resume") " previd='x' h='4294967295'/>");
	writes(&(struct sm){.kind = SM_REQUEST}, SM("<r") "/>");
	writes(&(struct sm){.kind = SM_ANSWER, .has_h = true}, SM("<a") " h='0'/>");
	writes(&(struct sm){.kind = SM_FAILED, .condition = COND_UNEXPECTED_REQUEST},
	       SM("<failed") "><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
}

/* XEP-0198 §6. */
static void a_count_that_is_too_high_has_a_stream_error_of_its_own(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(sm_too_high_write(&out, 10, 8), 0);
	wrote(&out, "<stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><handled-count-too-high "
		    "xmlns='urn:xmpp:sm:3' h='10' send-count='8'/></stream:error></stream:stream>");
	buf_fini(&out);
}

static void judged(uint32_t acked, size_t unacked, uint32_t h, enum sm_judgement expected, size_t count)
{
	size_t got;

	assert_int_equal(sm_judge(acked, unacked, h, &got), expected);
	assert_int_equal(got, count);
}

static void an_acknowledgement_is_of_what_was_sent_and_is_never_taken_back(void **state)
{
	(void)state;
	judged(0, 0, 0, SM_FITS, 0);
	judged(10, 5, 13, SM_FITS, 3);
	judged(10, 5, 15, SM_FITS, 5);
	judged(10, 5, 16, SM_TOO_HIGH, 0);
	judged(10, 0, 11, SM_TOO_HIGH, 0);
	judged(10, 5, 9, SM_TOO_LOW, 0);
	judged(10, 5, 0, SM_TOO_LOW, 0);
}

/* XEP-0198 §4: behind 2^32-1 comes zero. */
static void counts_go_on_behind_two_to_the_thirty_second(void **state)
{
	(void)state;
	judged(UINT32_MAX - 1, 5, 2, SM_FITS, 4);
	judged(UINT32_MAX, 1, 0, SM_FITS, 1);
	judged(UINT32_MAX, 1, 1, SM_TOO_HIGH, 0);
	judged(1, 3, UINT32_MAX, SM_TOO_LOW, 0);
}

static void settles(struct sm_handled *handled, uint64_t seq, uint64_t count, uint64_t expected)
{
	assert_int_equal(sm_handled_settle(handled, seq, count), 0);
	assert_int_equal(handled->handled, expected);
}

static void what_is_handled_out_of_order_is_acknowledged_in_order(void **state)
{
	struct sm_handled handled = {.received = 100};

	(void)state;
	settles(&handled, 1, 2, 2);
	settles(&handled, 4, 3, 2);
	settles(&handled, 9, 1, 2);
	settles(&handled, 3, 1, 6);
	settles(&handled, 5, 2, 6);     /* again: no matter */
	settles(&handled, 7, 2, 9);
	settles(&handled, 12, 1, 9);
	settles(&handled, 10, 5, 14);   /* over one that was settled before */
	settles(&handled, 15, 86, 100);
	sm_handled_fini(&handled);
}

static void order_is_kept_however_far_one_stanza_is_behind(void **state)
{
	struct sm_handled handled = {.received = SM_HELD_MAX};

	(void)state;
	for (uint64_t seq = SM_HELD_MAX; seq > 1; seq--)
		settles(&handled, seq, 1, 0);
	settles(&handled, 1, 1, SM_HELD_MAX);
	assert_null(handled.bits);      /* and the memory is given back */
	handled.received += SM_HELD_MAX + 1;
	assert_int_equal(sm_handled_settle(&handled, handled.received, 1), TRUNK_ELIMIT);
	sm_handled_fini(&handled);
}

static void what_never_came_is_not_settled(void **state)
{
	struct sm_handled handled = {.received = 3};

	(void)state;
	assert_int_equal(sm_handled_settle(&handled, 4, 1), TRUNK_EINVAL);
	assert_int_equal(sm_handled_settle(&handled, 2, 3), TRUNK_EINVAL);
	assert_int_equal(sm_handled_settle(&handled, 0, 1), TRUNK_EINVAL);
	assert_int_equal(sm_handled_settle(&handled, 2, UINT64_MAX), TRUNK_EINVAL);
	assert_int_equal(handled.handled, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_understood),
		cmocka_unit_test(the_usual_answer_is_read_without_a_tree),
		cmocka_unit_test(what_lacks_its_number_or_id_is_refused),
		cmocka_unit_test(elements_are_written),
		cmocka_unit_test(a_count_that_is_too_high_has_a_stream_error_of_its_own),
		cmocka_unit_test(an_acknowledgement_is_of_what_was_sent_and_is_never_taken_back),
		cmocka_unit_test(counts_go_on_behind_two_to_the_thirty_second),
		cmocka_unit_test(what_is_handled_out_of_order_is_acknowledged_in_order),
		cmocka_unit_test(order_is_kept_however_far_one_stanza_is_behind),
		cmocka_unit_test(what_never_came_is_not_settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
