/* SPDX-License-Identifier: Apache-2.0
 * Records in wire form, and the order of SRV records. */
#include "dns/srv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void a_srv_record_is_read_and_its_target_lower_cased(void **state)
{
	struct srv srv;

	(void)state;
	assert_int_equal(srv_parse(STR("\0\005\0\012\x14\x95\x04XMPP\007Example\003ORG\0"), &srv), 0);
	assert_int_equal(srv.priority, 5);
	assert_int_equal(srv.weight, 10);
	assert_int_equal(srv.port, 5269);
	assert_string_equal(srv.host, "xmpp.example.org");
}

static void a_target_of_the_root_says_no(void **state)
{
	struct srv srv;

	(void)state;
	assert_int_equal(srv_parse(STR("\0\0\0\0\0\0\0"), &srv), 0);    /* RFC 2782, "Target" */
	assert_string_equal(srv.host, "");
}

static void malformed_srv_records_are_refused(void **state)
{
	static const struct {
		const char *at;
		size_t len;
	} cases[] = {
		{"", 0},
		{"\0\0\0\0\0\1", 6},                            /* no target */
		{"\0\0\0\0\0\1\4abcd", 11},                     /* no end */
		{"\0\0\0\0\0\1\5abcd\0", 12},                   /* a label beyond the end */
		{"\0\0\0\0\0\1\77abcd\0", 12},
		{"\0\0\0\0\0\1\4abcd\0x", 13},                  /* more behind the end */
		{"\0\0\0\0\0\1\1a\300\14", 10},                 /* a compressed name */
		{"\0\0\0\0\0\1\4a.cd\0", 12},                   /* a dot within a label */
		{"\0\0\0\0\0\1\4a\0cd\0", 12},
		{"\0\0\0\0\0\1\4a\ncd\0", 12},
		{"\0\0\0\0\0\1\4a\303\244d\0", 12},
		{"\0\0\0\0\0\0\4abcd\0", 12},                   /* port 0 with a target */
	};
	struct srv srv;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *exact = malloc(cases[i].len ? cases[i].len : 1);

		memcpy(exact, cases[i].at, cases[i].len);
		assert_int_equal(srv_parse(str_make(exact, cases[i].len), &srv), TRUNK_EINVAL);
		free(exact);
	}
}

static void a_target_of_253_characters_is_read_and_a_longer_one_refused(void **state)
{
	char rdata[6 + 300] = {0, 0, 0, 0, 0, 1};
	size_t at = 6;
	struct srv srv;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		rdata[at++] = 63;
		memset(&rdata[at], 'a', 63);
		at += 63;
	}
	rdata[at++] = 61;
	memset(&rdata[at], 'a', 62);
	rdata[at + 61] = 0;
	assert_int_equal(srv_parse(str_make(rdata, at + 62), &srv), 0);
	assert_int_equal(strlen(srv.host), 253);
	rdata[at - 1] = 62;
	rdata[at + 61] = 'a';
	rdata[at + 62] = 0;
	assert_int_equal(srv_parse(str_make(rdata, at + 63), &srv), TRUNK_EINVAL);
}

static void tlsa_data_that_is_longer_than_a_hash_is_not_kept(void **state)
{
	char rdata[3 + 65] = {3, 1, 2};
	struct dns_tlsa tlsa;

	(void)state;
	memset(&rdata[3], 0x5a, 65);
	assert_int_equal(tlsa_parse(str_make(rdata, 3 + 64), &tlsa), 0);
	assert_int_equal(tlsa.usage, 3);
	assert_int_equal(tlsa.selector, 1);
	assert_int_equal(tlsa.matching, 2);
	assert_int_equal(tlsa.len, 64);
	assert_memory_equal(tlsa.data, &rdata[3], 64);
	assert_int_equal(tlsa_parse(str_make(rdata, 3 + 65), &tlsa), 0);
	assert_int_equal(tlsa.len, 0);
	assert_int_equal(tlsa_parse(str_make(rdata, 3), &tlsa), TRUNK_EINVAL);
	assert_int_equal(tlsa_parse(STR(""), &tlsa), TRUNK_EINVAL);
}

static void an_address_of_the_wrong_length_is_refused(void **state)
{
	struct endpoint endpoint;

	(void)state;
	assert_int_equal(address_parse(DNS_A, STR("\300\0\2\1"), &endpoint), 0);
	assert_int_equal(endpoint.sa.sa_family, AF_INET);
	assert_int_equal(address_parse(DNS_A, STR("\300\0\2"), &endpoint), TRUNK_EINVAL);
	assert_int_equal(address_parse(DNS_AAAA, STR("\300\0\2\1"), &endpoint), TRUNK_EINVAL);
	assert_int_equal(address_parse(DNS_AAAA, STR("0123456789abcdef"), &endpoint), 0);
	assert_int_equal(endpoint.sa.sa_family, AF_INET6);
}

static void names_that_dns_can_not_hold_are_not_asked_for(void **state)
{
	char name[255];

	(void)state;
	assert_true(dns_name_is_fit(STR("_xmpp-server._tcp.example.org")));
	assert_false(dns_name_is_fit(STR("")));
	assert_false(dns_name_is_fit(STR("a..b")));
	assert_false(dns_name_is_fit(STR("a.")));
	assert_false(dns_name_is_fit(STR("a b")));
	assert_false(dns_name_is_fit(STR("a\\046b")));
	memset(name, 'a', sizeof(name));
	assert_true(dns_name_is_fit(str_make(name, 63)));
	assert_false(dns_name_is_fit(str_make(name, 64)));
	for (size_t i = 50; i < sizeof(name); i += 50)
		name[i] = '.';
	assert_true(dns_name_is_fit(str_make(name, 253)));
	assert_false(dns_name_is_fit(str_make(name, 254)));
}

/* ---- order ---- */

struct script {
	uint32_t numbers[8], belows[8];
	unsigned at;
};

static uint32_t scripted(void *ctx, uint32_t below)
{
	struct script *script = ctx;

	script->belows[script->at] = below;
	return script->numbers[script->at++];
}

static struct srv srv_make(uint16_t priority, uint16_t weight, char name)
{
	return (struct srv){.priority = priority, .weight = weight, .port = 1, .host = {name, 0}};
}

static void order_is(const struct srv *srv, const char *names)
{
	for (unsigned i = 0; names[i]; i++)
		assert_int_equal(srv[i].host[0], names[i]);
}

static void a_lower_priority_always_comes_first(void **state)
{
	struct srv srv[] = {srv_make(20, 65535, 'c'), srv_make(0, 0, 'a'), srv_make(65535, 1, 'd'), srv_make(10, 1, 'b')};
	struct script script = {{0}};

	(void)state;
	srv_sort(srv, 4, scripted, &script);
	order_is(srv, "abcd");
	assert_int_equal(script.at, 0); /* nothing to choose */
}

/* RFC 2782, "Weight": records of weight 0 stand first; a number from 0 to the sum picks the first whose running sum reaches it.
 */
static void within_a_priority_weights_decide(void **state)
{
	struct srv srv[] = {srv_make(1, 10, 'x'), srv_make(1, 0, 'z'), srv_make(1, 30, 'y')};
	struct script script = {{11, 0}};

	(void)state;
	srv_sort(srv, 3, scripted, &script);
	order_is(srv, "yzx");
	assert_int_equal(script.belows[0], 41); /* 0 to 40, both included */
	assert_int_equal(script.belows[1], 11);
	assert_int_equal(script.at, 2);
}

static void the_highest_number_picks_the_last_and_zero_the_first(void **state)
{
	struct srv high[] = {srv_make(1, 10, 'x'), srv_make(1, 30, 'y')}, low[] = {srv_make(1, 10, 'x'), srv_make(1, 30, 'y')};
	struct script script = {{40, 0}};

	(void)state;
	srv_sort(high, 2, scripted, &script);
	order_is(high, "yx");
	srv_sort(low, 2, scripted, &script);
	order_is(low, "xy");
}

static uint32_t spread(void *ctx, uint32_t below)
{
	uint64_t *seed = ctx;

	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*seed >> 33) % below);
}

static void over_many_finds_the_share_follows_the_weight(void **state)
{
	uint64_t seed = 1;
	unsigned first = 0;

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		struct srv srv[] = {srv_make(1, 100, 'x'), srv_make(1, 300, 'y')};

		srv_sort(srv, 2, spread, &seed);
		first += srv[0].host[0] == 'y';
	}
	assert_in_range(first, 2850, 3150);     /* three quarters */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_srv_record_is_read_and_its_target_lower_cased),
		cmocka_unit_test(a_target_of_the_root_says_no),
		cmocka_unit_test(malformed_srv_records_are_refused),
		cmocka_unit_test(a_target_of_253_characters_is_read_and_a_longer_one_refused),
		cmocka_unit_test(tlsa_data_that_is_longer_than_a_hash_is_not_kept),
		cmocka_unit_test(an_address_of_the_wrong_length_is_refused),
		cmocka_unit_test(names_that_dns_can_not_hold_are_not_asked_for),
		cmocka_unit_test(a_lower_priority_always_comes_first),
		cmocka_unit_test(within_a_priority_weights_decide),
		cmocka_unit_test(the_highest_number_picks_the_last_and_zero_the_first),
		cmocka_unit_test(over_many_finds_the_share_follows_the_weight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
