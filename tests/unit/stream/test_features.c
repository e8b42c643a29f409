/* SPDX-License-Identifier: Apache-2.0
 * Stream features: what we offer, and what we understand of a peer's. */
#include "stream/stream.h"

#include "../stanza/reads.h"

static struct stream_features parsed(const char *text)
{
	struct stream_features features = {0};
	struct arena arena = {0};

	assert_int_equal(stream_features_parse(reads_tree(&arena, text), &features), 0);
	arena_fini(&arena);
	return features;
}

#define IN(inside) "<stream:features>" inside "</stream:features>"

static void nothing_offered_is_nothing(void **state)
{
	const struct stream_features features = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(stream_features_write(&out, &features), 0);
	wrote(&out, "<stream:features></stream:features>");
	buf_fini(&out);
}

/* RFC 6120 §5.4.1, §6.4.1; XEP-0220 §2.1; XEP-0288 §2; XEP-0478 §3. */
static void each_feature_has_the_form_of_its_standard(void **state)
{
	const struct stream_features features = {
		.starttls = true,
		.starttls_required = true,
		.external = true,
		.dialback = true,
		.bidi = true,
		.sm = true,
		.max_bytes = 262144,
		.idle_seconds = 1800,
	};
	struct buf out = {0};

	(void)state;
	assert_int_equal(stream_features_write(&out, &features), 0);
	wrote(&out,
	      "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
	      "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>"
	      "<bidi xmlns='urn:xmpp:features:bidi'/><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
	      "<sm xmlns='urn:xmpp:sm:3'/>"
	      "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>262144</max-bytes><idle-seconds>1800</idle-seconds></limits>"
	      "</stream:features>");
	buf_fini(&out);
}

static void what_we_offer_we_understand(void **state)
{
	const struct stream_features features = {.starttls = true, .external = true, .dialback = true, .max_bytes = 1};
	struct stream_features again;
	struct buf out = {0};

	(void)state;
	assert_int_equal(stream_features_write(&out, &features), 0);
	buf_add(&out, STR("\0"));
	again = parsed(buf_str(&out).at);
	assert_true(again.starttls && !again.starttls_required && again.external && again.has_mechanisms && again.dialback);
	assert_true(again.dialback_errors && !again.bidi);
	assert_int_equal(again.max_bytes, 1);
	assert_int_equal(again.idle_seconds, 0);
	buf_fini(&out);
}

static void other_mechanisms_are_no_external(void **state)
{
	struct stream_features features;

	(void)state;
	features = parsed(IN("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"));
	assert_true(features.has_mechanisms && !features.external);
	features = parsed(IN("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
			     "<mechanism> EXTERNAL\n</mechanism></mechanisms>"));
	assert_true(features.external);
	features =
		parsed(IN("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>external</mechanism></mechanisms>"));
	assert_false(features.external);
	features = parsed(IN("<mechanisms xmlns='urn:x'><mechanism>EXTERNAL</mechanism></mechanisms>"));
	assert_true(!features.has_mechanisms && !features.external);
}

static void features_in_a_wrong_namespace_are_not_offered(void **state)
{
	const struct stream_features features =
		parsed(IN("<starttls/><dialback/><bidi xmlns='urn:xmpp:bidi'/><required xmlns='urn:x'/>"));

	(void)state;
	assert_true(!features.starttls && !features.dialback && !features.bidi);
}

static void dialback_without_errors_is_told_apart(void **state)
{
	const struct stream_features features = parsed(IN("<dialback xmlns='urn:xmpp:features:dialback'/>"));

	(void)state;
	assert_true(features.dialback && !features.dialback_errors);
}

static void limits_that_are_no_numbers_are_not_said(void **state)
{
	struct stream_features features;

	(void)state;
	features = parsed(IN("<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>-1</max-bytes><idle-seconds> 60 "
			     "</idle-seconds></limits>"));
	assert_int_equal(features.max_bytes, 0);
	assert_int_equal(features.idle_seconds, 60);
	features = parsed(IN("<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>99999999999999999999</max-bytes></limits>"));
	assert_int_equal(features.max_bytes, 0);
}

static void another_element_is_no_features(void **state)
{
	struct stream_features features = {.bidi = true};
	struct arena arena = {0};

	(void)state;
	assert_int_equal(stream_features_parse(reads_tree(&arena, "<features/>"), &features), TRUNK_ENOENT);
	assert_int_equal(stream_features_parse(reads_tree(&arena, "<stream:error/>"), &features), TRUNK_ENOENT);
	assert_true(features.bidi);     /* written on success only */
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_offered_is_nothing),
		cmocka_unit_test(each_feature_has_the_form_of_its_standard),
		cmocka_unit_test(what_we_offer_we_understand),
		cmocka_unit_test(other_mechanisms_are_no_external),
		cmocka_unit_test(features_in_a_wrong_namespace_are_not_offered),
		cmocka_unit_test(dialback_without_errors_is_told_apart),
		cmocka_unit_test(limits_that_are_no_numbers_are_not_said),
		cmocka_unit_test(another_element_is_no_features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
