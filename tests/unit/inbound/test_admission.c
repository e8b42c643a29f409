/* SPDX-License-Identifier: Apache-2.0
 * What is counted for addresses and spokes: over all streams, from whichever thread. */
#include "inbound/admission.h"

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 2000 };

static struct admission *admission;

static int set_up(void **state)
{
	(void)state;
	return (admission = admission_new()) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	admission_free(&admission);
	admission_free(&admission);
	return 0;
}

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_int_equal(endpoint_parse(str_of(text), 5269, &endpoint), 0);
	return endpoint;
}

static int enter(const char *text, const struct limits *limits, int64_t now_ms, struct address_entry **ret_entry, int64_t *ret_wait_ms)
{
	const struct endpoint peer = at(text);

	return admission_enter(admission, &peer, limits, now_ms, ret_entry, ret_wait_ms);
}

static void an_address_has_so_many_streams_and_gets_them_back(void **state)
{
	const struct limits limits = {.streams_per_address = 2};
	struct address_entry *one, *two, *three = NULL;
	int64_t wait_ms = -1;

	(void)state;
	assert_int_equal(enter("192.0.2.1:1", &limits, 0, &one, &wait_ms), 0);
	assert_int_equal(wait_ms, 0);
	assert_int_equal(enter("192.0.2.1:2", &limits, 0, &two, &wait_ms), 0);
	assert_ptr_equal(one, two);
	assert_int_equal(enter("192.0.2.1:3", &limits, 0, &three, &wait_ms), TRUNK_ELIMIT);
	assert_null(three);
	assert_int_equal(enter("192.0.2.2:1", &limits, 0, &three, &wait_ms), 0);
	admission_leave(admission, one);
	assert_int_equal(enter("192.0.2.1:3", &limits, 0, &one, &wait_ms), 0);
}

/* An IPv6 peer has all addresses of its network. */
static void an_ipv6_peer_counts_by_its_network(void **state)
{
	const struct limits limits = {.streams_per_address = 1};
	struct address_entry *entry;
	int64_t wait_ms;

	(void)state;
	assert_int_equal(enter("[2001:db8:1:2::1]:1", &limits, 0, &entry, &wait_ms), 0);
	assert_int_equal(enter("[2001:db8:1:2:ffff::9]:1", &limits, 0, &entry, &wait_ms), TRUNK_ELIMIT);
	assert_int_equal(enter("[2001:db8:1:3::1]:1", &limits, 0, &entry, &wait_ms), 0);
}

static void over_its_rate_an_address_waits_its_turn_and_is_forgotten_at_last(void **state)
{
	const struct limits limits = {.connections_per_second = 2};
	struct address_entry *entry;
	int64_t wait_ms;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(enter("192.0.2.1:1", &limits, 1000, &entry, &wait_ms), 0);
		assert_int_equal(wait_ms, 0);
	}
	assert_int_equal(enter("192.0.2.1:1", &limits, 1000, &entry, &wait_ms), 0);
	assert_int_equal(wait_ms, 501);
	for (int i = 0; i < 3; i++)
		admission_leave(admission, entry);
	admission_sweep(admission, &limits, 1000);
	assert_int_equal(enter("192.0.2.1:1", &limits, 1000, &entry, &wait_ms), 0);
	assert_int_equal(wait_ms, 1001);                        /* it was not forgotten: it still owes */
	admission_leave(admission, entry);
	admission_sweep(admission, &limits, 9000);
	assert_int_equal(enter("192.0.2.1:1", &limits, 9000, &entry, &wait_ms), 0);
	assert_int_equal(wait_ms, 0);
}

static void streams_of_one_spoke_share_its_rate(void **state)
{
	struct rate_bucket *one = admission_bucket(admission, "saturn"), *other = admission_bucket(admission, "mercury");

	(void)state;
	assert_ptr_equal(admission_bucket(admission, "saturn"), one);
	assert_ptr_not_equal(one, other);
	for (int i = 0; i < 10; i++)
		assert_int_equal(bucket_charge(one, 10, 0, 100, 5000), 0);
	assert_int_equal(bucket_charge(one, 10, 0, 100, 5000), 101);
	assert_int_equal(bucket_charge(other, 10, 0, 100, 5000), 0);
	assert_int_equal(bucket_charge(one, 10, 0, 100, 4990), 201);    /* another worker's clock is behind: nothing is given back */
	assert_int_equal(bucket_charge(one, 0, 0, 100, 5000), 0);
	assert_int_equal(bucket_charge(other, 0, 1000, 1500, 7000), 501);
}

static void *come_and_go(void *ctx)
{
	static const struct limits limits = {.streams_per_address = 3};
	const struct endpoint peer = at("192.0.2.7:1");
	struct rate_bucket *bucket = admission_bucket(admission, "saturn");
	uintptr_t got = 0;

	(void)ctx;
	for (int i = 0; i < ROUNDS; i++) {
		struct address_entry *entry;
		int64_t wait_ms;

		if (admission_enter(admission, &peer, &limits, i, &entry, &wait_ms) == 0)
			admission_leave(admission, entry);
		got += bucket_charge(bucket, 1000, 0, 1, 1000) == 0;
	}
	return (void *)got;
}

static void threads_lose_no_count(void **state)
{
	const struct limits limits = {.streams_per_address = 1};
	struct address_entry *entry;
	pthread_t threads[THREADS];
	uintptr_t passed = 0;
	int64_t wait_ms;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, come_and_go, NULL);
	for (int i = 0; i < THREADS; i++) {
		void *got;

		pthread_join(threads[i], &got);
		passed += (uintptr_t)got;
	}
	assert_int_equal(passed, 1000);         /* what one second of the rate allows, over all threads */
	assert_int_equal(enter("192.0.2.7:1", &limits, 0, &entry, &wait_ms), 0);        /* all have left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_address_has_so_many_streams_and_gets_them_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_ipv6_peer_counts_by_its_network, set_up, tear_down),
		cmocka_unit_test_setup_teardown(over_its_rate_an_address_waits_its_turn_and_is_forgotten_at_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(streams_of_one_spoke_share_its_rate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(threads_lose_no_count, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
