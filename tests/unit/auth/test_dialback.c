/* SPDX-License-Identifier: Apache-2.0
 * Dialback keys (XEP-0185) and the elements of XEP-0220. */
#include "auth/dialback.h"

#include "../stanza/reads.h"

static void key_is_the_one_of_the_worked_example(void **state)
{
	const struct domain_pair pair = {.sender = STR("example.org"), .target = STR("xmpp.example.com")};
	char key[DIALBACK_KEY_SIZE];

	(void)state;
	assert_int_equal(dialback_key(STR("s3cr3tf0rd14lb4ck"), &pair, STR("D60000229F"), key), 0);
	assert_string_equal(key, "37c69b1cf07a3f67c04a5ef5902fa511" "4f2c76fe4a2686482ba5b89323075643"); /* XEP-0185 §3 */
}

#define OTHER_SECRET "a-secret-that-nobody-knows"

static const struct dialback_secrets secrets = {
	.current = "current-secret-of-ours", .previous = "previous-secret-of-ours", .previous_until_ms = 1000,
};

static struct domain_pair pair_of(const char *sender, const char *target)
{
	return (struct domain_pair){.sender = str_of(sender), .target = str_of(target)};
}

static bool is_ours(const char *secret, int64_t wall_ms, const struct domain_pair *asked, const char *id)
{
	const struct domain_pair made_for = pair_of("a.example", "b.example");
	char key[DIALBACK_KEY_SIZE];

	assert_int_equal(dialback_key(str_of(secret), &made_for, STR("id1"), key), 0);
	return dialback_key_is_ours(&secrets, wall_ms, asked, str_of(id), str_of(key));
}

/* design.md §6: two secrets are valid during a rotation. */
static void a_key_of_either_secret_is_ours(void **state)
{
	const struct domain_pair pair = pair_of("a.example", "b.example");

	(void)state;
	assert_true(is_ours(secrets.current, 0, &pair, "id1"));
	assert_true(is_ours(secrets.current, 99999, &pair, "id1"));
	assert_true(is_ours(secrets.previous, 999, &pair, "id1"));
}

static void the_previous_secret_ends_when_its_time_is_over(void **state)
{
	const struct domain_pair pair = pair_of("a.example", "b.example");

	(void)state;
	assert_false(is_ours(secrets.previous, 1000, &pair, "id1"));
	assert_false(is_ours(OTHER_SECRET, 0, &pair, "id1"));
}

static void a_key_is_good_for_its_pair_and_stream_alone(void **state)
{
	const struct domain_pair pair = pair_of("a.example", "b.example"), reversed = pair_of("b.example", "a.example");
	const struct domain_pair other = pair_of("a.example", "c.example"), shifted = pair_of("a.exampl", "eb.example");

	(void)state;
	assert_true(is_ours(secrets.current, 0, &pair, "id1"));
	assert_false(is_ours(secrets.current, 0, &pair, "id2"));
	assert_false(is_ours(secrets.current, 0, &pair, ""));
	assert_false(is_ours(secrets.current, 0, &reversed, "id1"));
	assert_false(is_ours(secrets.current, 0, &other, "id1"));
	assert_false(is_ours(secrets.current, 0, &shifted, "id1"));
}

static void a_key_that_was_changed_cut_or_lengthened_is_not_ours(void **state)
{
	const struct domain_pair pair = pair_of("a.example", "b.example");
	char key[DIALBACK_KEY_SIZE + 1] = "";

	(void)state;
	assert_int_equal(dialback_key(str_of(secrets.current), &pair, STR("id1"), key), 0);
	assert_true(dialback_key_is_ours(&secrets, 0, &pair, STR("id1"), str_of(key)));
	assert_false(dialback_key_is_ours(&secrets, 0, &pair, STR("id1"), str_make(key, DIALBACK_KEY_SIZE - 2)));
	assert_false(dialback_key_is_ours(&secrets, 0, &pair, STR("id1"), str_make(key, DIALBACK_KEY_SIZE)));
	assert_false(dialback_key_is_ours(&secrets, 0, &pair, STR("id1"), STR("")));
	assert_false(dialback_key_is_ours(&secrets, 0, &pair, STR("id1"), STR_NONE));
	for (size_t i = 0; i < DIALBACK_KEY_SIZE - 1; i++) {
		key[i] ^= 1;
		assert_false(dialback_key_is_ours(&secrets, 0, &pair, STR("id1"), str_of(key)));
		key[i] ^= 1;
	}
}

/* Memory that nobody filled must not vouch for anything: the key of the empty secret is known to all. */
static void an_empty_secret_vouches_for_nothing(void **state)
{
	const struct dialback_secrets none = {.previous_until_ms = INT64_MAX};
	const struct domain_pair pair = pair_of("a.example", "b.example");
	char key[DIALBACK_KEY_SIZE];

	(void)state;
	assert_int_equal(dialback_key(STR(""), &pair, STR("id1"), key), 0);
	assert_false(dialback_key_is_ours(&none, 0, &pair, STR("id1"), str_of(key)));
}

static int parse(const char *text, struct dialback *ret_dialback, struct arena *arena)
{
	return dialback_parse(arena, reads_tree(arena, text), ret_dialback);
}

/* XEP-0220, examples of §2.1 and §2.2. */
static void requests_and_answers_are_read(void **state)
{
	struct arena arena = {0};
	struct dialback dialback;

	(void)state;
	assert_int_equal(parse("<db:result from='a.example' to='b.example'>\n  b4835385 </db:result>", &dialback, &arena), 0);
	assert_int_equal(dialback.kind, DIALBACK_RESULT);
	assert_int_equal(dialback.type, DIALBACK_REQUEST);
	assert_true(str_is(dialback.from, "a.example") && str_is(dialback.to, "b.example") && str_is(dialback.key, "b4835385"));
	assert_true(str_is_absent(dialback.id));
	assert_int_equal(parse("<db:verify from='b.example' to='a.example' id='D&amp;1' type='valid'/>", &dialback, &arena), 0);
	assert_int_equal(dialback.kind, DIALBACK_VERIFY);
	assert_int_equal(dialback.type, DIALBACK_VALID);
	assert_true(str_is(dialback.id, "D&1"));
	assert_int_equal(parse("<db:result from='b.example' to='a.example' type='invalid'/>", &dialback, &arena), 0);
	assert_int_equal(dialback.type, DIALBACK_INVALID);
	arena_fini(&arena);
}

static void error_says(const char *inside, enum stanza_condition condition)
{
	struct arena arena = {0};
	struct dialback dialback;
	struct buf text = {0};

	buf_addf(&text, "<db:result from='a' to='b' type='error'>%s</db:result>", inside);
	buf_add(&text, STR("\0"));
	assert_int_equal(parse(buf_str(&text).at, &dialback, &arena), 0);
	assert_int_equal(dialback.type, DIALBACK_ERROR);
	if (dialback.condition != condition)
		fail_msg("%s: %s", inside, stanza_condition_text(dialback.condition));
	buf_fini(&text);
	arena_fini(&arena);
}

#define STANZAS "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"

/* XEP-0220 §2.4; servers give <error/> one namespace or another. */
static void an_error_tells_its_condition(void **state)
{
	(void)state;
	error_says("<error type='cancel'><item-not-found " STANZAS "/></error>", COND_ITEM_NOT_FOUND);
	error_says("<db:error><text " STANZAS ">x</text><remote-server-timeout " STANZAS "/></db:error>",
		   COND_REMOTE_SERVER_TIMEOUT);
	error_says("<error type='cancel'><remote-connection-failed " STANZAS "/></error>", COND_REMOTE_CONNECTION_FAILED);
	error_says("<error><made-up " STANZAS "/></error>", STANZA_CONDITION_NONE);
	error_says("<error><item-not-found/></error>", STANZA_CONDITION_NONE);
	error_says("", STANZA_CONDITION_NONE);
}

static void other_types_and_elements_are_refused(void **state)
{
	struct dialback dialback = {.kind = DIALBACK_VERIFY};
	struct arena arena = {0};

	(void)state;
	assert_int_equal(parse("<db:result from='a' to='b' type='Valid'/>", &dialback, &arena), TRUNK_EINVAL);
	assert_int_equal(parse("<db:result from='a' to='b' type=''/>", &dialback, &arena), TRUNK_EINVAL);
	assert_int_equal(parse("<db:other/>", &dialback, &arena), TRUNK_ENOENT);
	assert_int_equal(parse("<result from='a' to='b' type='valid'/>", &dialback, &arena), TRUNK_ENOENT);
	assert_int_equal(parse("<verify xmlns='jabber:client' type='valid'/>", &dialback, &arena), TRUNK_ENOENT);
	assert_int_equal(dialback.kind, DIALBACK_VERIFY);
	arena_fini(&arena);
}

static void writes(const struct dialback *dialback, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(dialback_write(&out, dialback), 0);
	wrote(&out, expected);
	buf_fini(&out);
}

static void elements_are_written_with_what_they_have(void **state)
{
	struct dialback dialback = {
		.kind = DIALBACK_VERIFY,
		.type = DIALBACK_REQUEST,
		.from = STR("a.example"),
		.to = STR("b.example"),
		.id = STR("<1'"),
		.key = STR("k&y"),
	};

	(void)state;
	writes(&dialback, "<db:verify from='a.example' to='b.example' id='&lt;1&apos;'>k&amp;y</db:verify>");
	dialback.type = DIALBACK_VALID;         /* an answer does not repeat the key */
	writes(&dialback, "<db:verify from='a.example' to='b.example' id='&lt;1&apos;' type='valid'></db:verify>");
	dialback = (struct dialback){.kind = DIALBACK_RESULT, .type = DIALBACK_INVALID, .from = STR("a"), .to = STR("b")};
	writes(&dialback, "<db:result from='a' to='b' type='invalid'></db:result>");
	dialback.type = DIALBACK_ERROR;
	dialback.condition = COND_ITEM_NOT_FOUND;
	writes(&dialback, "<db:result from='a' to='b' type='error'><error type='cancel'>"
			  "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>");
	dialback.condition = STANZA_CONDITION_NONE;
	writes(&dialback, "<db:result from='a' to='b' type='error'><error type='cancel'>"
			  "<undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_is_the_one_of_the_worked_example),
		cmocka_unit_test(a_key_of_either_secret_is_ours),
		cmocka_unit_test(the_previous_secret_ends_when_its_time_is_over),
		cmocka_unit_test(a_key_is_good_for_its_pair_and_stream_alone),
		cmocka_unit_test(a_key_that_was_changed_cut_or_lengthened_is_not_ours),
		cmocka_unit_test(an_empty_secret_vouches_for_nothing),
		cmocka_unit_test(requests_and_answers_are_read),
		cmocka_unit_test(an_error_tells_its_condition),
		cmocka_unit_test(other_types_and_elements_are_refused),
		cmocka_unit_test(elements_are_written_with_what_they_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
