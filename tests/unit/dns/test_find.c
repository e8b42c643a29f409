/* SPDX-License-Identifier: Apache-2.0
 * Finding the servers of a domain with a scripted resolver and a clock that moves by hand. */
#include "dns/dns.h"

#include "sim_dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define STARTTLS "_xmpp-server._tcp.mercury.example.net"
#define DIRECT "_xmpps-server._tcp.mercury.example.net"
#define MERCURY "mercury.example.net"

enum { BOTH = DNS_WANT_STARTTLS | DNS_WANT_DIRECT };

struct world {
	struct loop *loop;
	struct sim_dns *sim;
	struct dns *dns;
	struct dns_find *find;
	struct dns_overrides *overrides;
	struct dns_found found;
	unsigned told;
	bool frees_dns;
};

static uint32_t random_last(void *ctx, uint32_t below)
{
	(void)ctx;
	return below - 1;
}

static int world_new(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->loop = loop_new();
	w->sim = sim_dns_new(w->loop);
	w->dns = dns_new(w->loop, &sim_dns_ops, w->sim, 5000);
	dns_set_random(w->dns, random_last, NULL);
	*state = w;
	return 0;
}

static int world_free(void **state)
{
	struct world *w = *state;

	dns_free(&w->dns);
	dns_overrides_free(&w->overrides);
	loop_free(&w->loop);
	free(w);
	return 0;
}

static void until(struct world *w, int64_t now_ms)
{
	int64_t next_ms;

	while ((next_ms = loop_next_ms(w->loop)) >= 0 && next_ms < now_ms)
		loop_advance(w->loop, next_ms);
	loop_advance(w->loop, now_ms);
}

static void on_found(void *ctx, const struct dns_found *found)
{
	struct world *w = ctx;

	w->told++;
	w->found = *found;
	if (w->frees_dns)
		dns_free(&w->dns);
}

static void override(struct world *w, const char *text)
{
	const char *why;
	size_t offset;

	assert_int_equal(dns_overrides_parse(str_of(text), &w->overrides, &offset, &why), 0);
}

static void find(struct world *w, const char *domain, unsigned want)
{
	w->told = 0;
	w->find = dns_find(w->dns, str_of(domain), want, w->overrides, on_found, w);
}

static void find_all(struct world *w, const char *domain, unsigned want)
{
	find(w, domain, want);
	until(w, loop_now_ms(w->loop) + 20000);
	assert_int_equal(w->told, 1);
	if (!w->frees_dns)
		assert_int_equal(sim_dns_open(w->sim), 0);
}

/* "192.0.2.1:5269 d" and so on: endpoints in order, "s" for STARTTLS and "d" for direct TLS. */
static void found_is(const struct world *w, const char *expected)
{
	char all[DNS_ENDPOINT_MAX * (ENDPOINT_TEXT_SIZE + 4)] = "", text[ENDPOINT_TEXT_SIZE];
	size_t len = 0;

	for (unsigned i = 0; i < w->found.count; i++) {
		endpoint_text(&w->found.candidates[i].endpoint, text);
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s %c", i ? ", " : "", text,
					w->found.candidates[i].transport == DNS_STARTTLS ? 's' : 'd');
	}
	assert_string_equal(all, expected);
}

static void without_srv_the_domain_itself_is_the_host(void **state)
{
	struct world *w = *state;

	sim_dns_address(w->sim, MERCURY, "192.0.2.1");
	find_all(w, MERCURY, BOTH);             /* RFC 6120 §3.2.2 */
	assert_int_equal(w->found.err, 0);
	found_is(w, "192.0.2.1:5269 s");
	assert_string_equal(w->found.candidates[0].host, MERCURY);
	assert_false(w->found.candidates[0].is_secure);
}

static void direct_tls_alone_never_falls_back_to_the_domain(void **state)
{
	struct world *w = *state;

	sim_dns_address(w->sim, MERCURY, "192.0.2.1");
	find_all(w, MERCURY, DNS_WANT_DIRECT);
	assert_int_equal(w->found.err, TRUNK_EDNS_NONE);
	assert_string_equal(w->found.why, DIRECT ": no such record");
	assert_int_equal(sim_dns_asked(w->sim, MERCURY, DNS_A), 0);
}

static void srv_is_followed_and_the_domain_itself_not_asked(void **state)
{
	struct world *w = *state;

	sim_dns_srv(w->sim, STARTTLS, 10, 0, 5270, "xmpp.example.net");
	sim_dns_address(w->sim, "xmpp.example.net", "192.0.2.1");
	sim_dns_address(w->sim, MERCURY, "192.0.2.66");
	find_all(w, MERCURY, DNS_WANT_STARTTLS);
	found_is(w, "192.0.2.1:5270 s");
	assert_string_equal(w->found.candidates[0].host, "xmpp.example.net");
	assert_int_equal(w->found.candidates[0].priority, 10);
	assert_int_equal(sim_dns_asked(w->sim, MERCURY, DNS_A), 0);
	assert_int_equal(sim_dns_asked(w->sim, DIRECT, DNS_SRV), 0);
	assert_string_equal(w->found.why, STARTTLS ": 1 address");
}

static void both_services_are_mixed_by_priority(void **state)
{
	struct world *w = *state;

	sim_dns_srv(w->sim, STARTTLS, 10, 0, 5269, "a.example.net");
	sim_dns_srv(w->sim, STARTTLS, 30, 0, 5269, "b.example.net");
	sim_dns_srv(w->sim, DIRECT, 20, 0, 443, "a.example.net");
	sim_dns_address(w->sim, "a.example.net", "192.0.2.1");
	sim_dns_address(w->sim, "b.example.net", "192.0.2.2");
	find_all(w, MERCURY, BOTH);             /* XEP-0368 §3, first rule */
	found_is(w, "192.0.2.1:5269 s, 192.0.2.1:443 d, 192.0.2.2:5269 s");
	assert_int_equal(sim_dns_asked(w->sim, "a.example.net", DNS_A), 1);
}

static void weights_are_drawn_over_both_services(void **state)
{
	struct world *w = *state;

	sim_dns_srv(w->sim, STARTTLS, 10, 1, 5269, "a.example.net");
	sim_dns_srv(w->sim, DIRECT, 10, 1, 443, "a.example.net");
	sim_dns_address(w->sim, "a.example.net", "192.0.2.1");
	find_all(w, MERCURY, BOTH);             /* the highest number: the last wins */
	found_is(w, "192.0.2.1:443 d, 192.0.2.1:5269 s");
}

static void a_service_that_is_not_offered_leaves_the_other(void **state)
{
	struct world *w = *state;

	sim_dns_srv(w->sim, DIRECT, 0, 0, 0, ".");
	sim_dns_srv(w->sim, STARTTLS, 10, 0, 5269, "a.example.net");
	sim_dns_address(w->sim, "a.example.net", "192.0.2.1");
	find_all(w, MERCURY, BOTH);
	found_is(w, "192.0.2.1:5269 s");
}

static void where_no_service_is_offered_there_is_no_fallback(void **state)
{
	struct world *w = *state;

	sim_dns_srv(w->sim, STARTTLS, 0, 0, 0, ".");
	sim_dns_address(w->sim, MERCURY, "192.0.2.1");
	find_all(w, MERCURY, BOTH);             /* RFC 6120 §3.2.1 */
	assert_int_equal(w->found.err, TRUNK_EDNS_NONE);
	assert_string_equal(w->found.why, STARTTLS ": the service is not offered");
}

static void a_denied_direct_service_forbids_the_fallback_too(void **state)
{
	struct world *w = *state;

	sim_dns_srv(w->sim, DIRECT, 0, 0, 0, ".");
	sim_dns_address(w->sim, MERCURY, "192.0.2.1");
	find_all(w, MERCURY, BOTH);             /* XEP-0368 §3: "MUST NOT perform A/AAAA fallback" */
	assert_int_equal(w->found.err, TRUNK_EDNS_NONE);
	find_all(w, MERCURY, DNS_WANT_STARTTLS);
	found_is(w, "192.0.2.1:5269 s");
}

static void families_are_mixed_with_ipv6_first(void **state)
{
	struct world *w = *state;

	sim_dns_address(w->sim, MERCURY, "192.0.2.1");
	sim_dns_address(w->sim, MERCURY, "192.0.2.2");
	sim_dns_address(w->sim, MERCURY, "192.0.2.3");
	sim_dns_address(w->sim, MERCURY, "2001:db8::1");
	sim_dns_address(w->sim, MERCURY, "2001:db8::2");
	find_all(w, MERCURY, BOTH);             /* RFC 8305 §4 */
	found_is(w, "[2001:db8::1]:5269 s, 192.0.2.1:5269 s, [2001:db8::2]:5269 s, 192.0.2.2:5269 s, 192.0.2.3:5269 s");
}

static void dns_that_says_no_everywhere_is_none(void **state)
{
	struct world *w = *state;

	find_all(w, MERCURY, BOTH);
	assert_int_equal(w->found.err, TRUNK_EDNS_NONE);
	assert_int_equal(w->found.count, 0);
	assert_string_equal(w->found.why, MERCURY ": no address, and no SRV record");
}

static void a_failed_srv_look_up_is_no_reason_to_fall_back(void **state)
{
	struct world *w = *state;

	sim_dns_address(w->sim, MERCURY, "192.0.2.1");
	sim_dns_outcome(w->sim, STARTTLS, DNS_SRV, DNS_FAIL, "SERVFAIL");
	find_all(w, MERCURY, BOTH);
	assert_int_equal(w->found.err, TRUNK_EDNS_FAIL);
	assert_string_equal(w->found.why, STARTTLS ": SERVFAIL");
	assert_int_equal(sim_dns_asked(w->sim, MERCURY, DNS_A), 0);
}

static void one_failed_service_does_not_hide_the_other(void **state)
{
	struct world *w = *state;

	sim_dns_outcome(w->sim, STARTTLS, DNS_SRV, DNS_FAIL, NULL);
	sim_dns_srv(w->sim, DIRECT, 10, 0, 443, "a.example.net");
	sim_dns_address(w->sim, "a.example.net", "192.0.2.1");
	find_all(w, MERCURY, BOTH);
	assert_int_equal(w->found.err, 0);
	found_is(w, "192.0.2.1:443 d");
}

static void a_forged_answer_is_a_failure(void **state)
{
	struct world *w = *state;

	sim_dns_bogus(w->sim, STARTTLS, DNS_SRV);
	find_all(w, MERCURY, DNS_WANT_STARTTLS);
	assert_int_equal(w->found.err, TRUNK_EDNS_FAIL);
	assert_string_equal(w->found.why, STARTTLS ": DNSSEC says it is forged");
}

static void silence_ends_after_the_timeout_in_words(void **state)
{
	struct world *w = *state;

	sim_dns_delay(w->sim, STARTTLS, DNS_SRV, SIM_DNS_NEVER);
	find(w, MERCURY, DNS_WANT_STARTTLS);
	until(w, 4999);
	assert_int_equal(w->told, 0);
	until(w, 5000);
	assert_int_equal(w->told, 1);
	assert_int_equal(w->found.err, TRUNK_EDNS_FAIL);
	assert_string_equal(w->found.why, STARTTLS ": no answer within 5 s");
	assert_int_equal(sim_dns_open(w->sim), 0);
}

static void addresses_that_fail_are_a_failure_though_the_other_family_says_no(void **state)
{
	struct world *w = *state;

	sim_dns_outcome(w->sim, MERCURY, DNS_AAAA, DNS_FAIL, "REFUSED");
	find_all(w, MERCURY, BOTH);
	assert_int_equal(w->found.err, TRUNK_EDNS_FAIL);
	assert_string_equal(w->found.why, MERCURY ": REFUSED");
}

static void a_slow_family_is_not_waited_for_long(void **state)
{
	struct world *w = *state;

	sim_dns_address(w->sim, MERCURY, "192.0.2.1");
	sim_dns_delay(w->sim, MERCURY, DNS_AAAA, SIM_DNS_NEVER);
	sim_dns_delay(w->sim, MERCURY, DNS_A, 100);
	find(w, MERCURY, DNS_WANT_STARTTLS);
	until(w, 100 + DNS_REST_MS - 1);
	assert_int_equal(w->told, 0);
	until(w, 100 + DNS_REST_MS);            /* RFC 8305 §3 */
	assert_int_equal(w->told, 1);
	found_is(w, "192.0.2.1:5269 s");
}

static void a_host_without_any_address_yet_is_waited_for(void **state)
{
	struct world *w = *state;

	sim_dns_srv(w->sim, STARTTLS, 10, 0, 5269, "a.example.net");
	sim_dns_srv(w->sim, STARTTLS, 20, 0, 5269, "b.example.net");
	sim_dns_address(w->sim, "a.example.net", "192.0.2.1");
	sim_dns_address(w->sim, "b.example.net", "192.0.2.2");
	sim_dns_delay(w->sim, "a.example.net", DNS_A, 3000);
	find(w, MERCURY, DNS_WANT_STARTTLS);
	until(w, 2999);
	assert_int_equal(w->told, 0);
	until(w, 3000);
	found_is(w, "192.0.2.1:5269 s, 192.0.2.2:5269 s");      /* the better one was worth it */
}

static void malformed_records_are_skipped_and_alone_they_are_a_failure(void **state)
{
	struct world *w = *state;

	sim_dns_raw(w->sim, STARTTLS, DNS_SRV, STR("\0\1\0\0\x14\x95\3a b\0"));
	find_all(w, MERCURY, DNS_WANT_STARTTLS);
	assert_int_equal(w->found.err, TRUNK_EDNS_FAIL);
	assert_string_equal(w->found.why, STARTTLS ": malformed SRV record");
	sim_dns_srv(w->sim, STARTTLS, 10, 0, 5269, "a.example.net");
	sim_dns_raw(w->sim, "a.example.net", DNS_A, STR("xyz"));
	sim_dns_address(w->sim, "a.example.net", "192.0.2.1");
	find_all(w, MERCURY, DNS_WANT_STARTTLS);
	found_is(w, "192.0.2.1:5269 s");
}

static void counts_are_bounded(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 60; i++) {
		char host[40], address[40];

		snprintf(host, sizeof(host), "h%u.example.net", i);
		sim_dns_srv(w->sim, i < 30 ? STARTTLS : DIRECT, (uint16_t)i, 0, 5269, host);
		for (unsigned j = 0; j < 20; j++) {
			snprintf(address, sizeof(address), "192.0.%u.%u", i, j);
			sim_dns_address(w->sim, host, address);
		}
	}
	find_all(w, MERCURY, BOTH);
	assert_int_equal(w->found.count, DNS_ENDPOINT_MAX);
	assert_int_equal(sim_dns_asked(w->sim, "h15.example.net", DNS_A), 1);
	assert_int_equal(sim_dns_asked(w->sim, "h16.example.net", DNS_A), 0);   /* DNS_SRV_MAX */
	assert_string_equal(w->found.candidates[DNS_ADDRESS_MAX - 1].host, "h0.example.net");
	assert_string_equal(w->found.candidates[DNS_ADDRESS_MAX].host, "h1.example.net");
}

static void an_answer_within_the_call_is_told_within_the_call(void **state)
{
	struct world *w = *state;

	sim_dns_delay(w->sim, STARTTLS, DNS_SRV, SIM_DNS_IN_CALL);
	sim_dns_delay(w->sim, MERCURY, DNS_AAAA, SIM_DNS_IN_CALL);
	sim_dns_delay(w->sim, MERCURY, DNS_A, SIM_DNS_IN_CALL);
	sim_dns_address(w->sim, MERCURY, "192.0.2.1");
	find(w, MERCURY, DNS_WANT_STARTTLS);
	assert_null(w->find);
	assert_int_equal(w->told, 1);
	found_is(w, "192.0.2.1:5269 s");
}

static void a_cancelled_find_is_never_told(void **state)
{
	struct world *w = *state;

	find(w, MERCURY, BOTH);
	assert_non_null(w->find);
	assert_int_equal(sim_dns_open(w->sim), 2);
	dns_find_cancel(&w->find);
	assert_null(w->find);
	assert_int_equal(sim_dns_open(w->sim), 0);
	until(w, 60000);
	assert_int_equal(w->told, 0);
	dns_find_cancel(&w->find);
}

static void on_found_cancels(void *ctx, const struct dns_found *found)
{
	struct world *w = ctx;

	w->told++;
	w->found = *found;
	dns_find_cancel(&w->find);
}

static void cancelling_within_the_callback_is_harmless(void **state)
{
	struct world *w = *state;

	w->find = dns_find(w->dns, STR(MERCURY), BOTH, NULL, on_found_cancels, w);
	until(w, 60000);
	assert_int_equal(w->told, 1);
	assert_null(w->find);
}

static void the_room_may_be_freed_within_the_callback(void **state)
{
	struct world *w = *state;

	w->frees_dns = true;
	dns_find(w->dns, STR("other.example"), BOTH, NULL, on_found, w);
	sim_dns_delay(w->sim, "_xmpp-server._tcp.other.example", DNS_SRV, SIM_DNS_NEVER);
	find_all(w, MERCURY, BOTH);
	assert_null(w->dns);
}

static void names_are_asked_for_in_ascii(void **state)
{
	struct world *w = *state;

	sim_dns_address(w->sim, "xn--mnchen-3ya.example", "192.0.2.1");
	find_all(w, "m\xc3\xbcnchen.example", DNS_WANT_STARTTLS);
	found_is(w, "192.0.2.1:5269 s");
	assert_string_equal(w->found.candidates[0].host, "xn--mnchen-3ya.example");
}

static void a_domain_that_is_an_address_needs_no_dns(void **state)
{
	struct world *w = *state;

	find(w, "192.0.2.1", BOTH);
	assert_null(w->find);
	found_is(w, "192.0.2.1:5269 s");
	find(w, "[2001:db8::1]", DNS_WANT_STARTTLS);
	found_is(w, "[2001:db8::1]:5269 s");
}

static void a_name_too_long_for_its_prefix_still_has_addresses(void **state)
{
	struct world *w = *state;
	char name[251];

	memset(name, 'a', sizeof(name));
	for (size_t i = 50; i < sizeof(name); i += 50)
		name[i] = '.';
	name[250] = '\0';
	sim_dns_address(w->sim, name, "192.0.2.1");
	find_all(w, name, DNS_WANT_STARTTLS);
	found_is(w, "192.0.2.1:5269 s");
}

/* ---- overrides ---- */

static void an_override_with_an_address_asks_nobody(void **state)
{
	struct world *w = *state;

	override(w, "{" MERCURY ",203.0.113.9:5299}");
	find(w, MERCURY, BOTH);
	assert_null(w->find);
	assert_int_equal(w->told, 1);
	found_is(w, "203.0.113.9:5299 s");
	find(w, MERCURY, DNS_WANT_DIRECT);
	found_is(w, "203.0.113.9:5299 d");
}

static void an_override_with_a_host_asks_for_its_addresses_only(void **state)
{
	struct world *w = *state;

	override(w, "{*.example.net,xmpp.example.org:5299}");
	sim_dns_address(w->sim, "xmpp.example.org", "192.0.2.1");
	find_all(w, MERCURY, BOTH);
	found_is(w, "192.0.2.1:5299 s");
	assert_int_equal(sim_dns_asked(w->sim, "_xmpp-server._tcp.xmpp.example.org", DNS_SRV), 0);
	assert_int_equal(sim_dns_asked(w->sim, STARTTLS, DNS_SRV), 0);
}

static void an_override_whose_host_has_no_address_says_so(void **state)
{
	struct world *w = *state;

	override(w, "{" MERCURY ",xmpp.example.org}");
	find_all(w, MERCURY, BOTH);
	assert_int_equal(w->found.err, TRUNK_EDNS_NONE);
	assert_string_equal(w->found.why, "xmpp.example.org: no address");
}

static void overrides_in_a_circle_are_none(void **state)
{
	struct world *w = *state;

	override(w, "{" MERCURY ",saturn.example.org},{saturn.example.org," MERCURY "}");
	find(w, MERCURY, BOTH);
	assert_int_equal(w->told, 1);
	assert_int_equal(w->found.err, TRUNK_EDNS_NONE);
	assert_non_null(strstr(w->found.why, "circle"));
}

static void one_host_is_found_without_srv(void **state)
{
	struct world *w = *state;

	sim_dns_address(w->sim, "xmpp.example.org", "192.0.2.1");
	w->find = dns_find_host(w->dns, STR("xmpp.example.org"), 5271, DNS_DIRECT, on_found, w);
	assert_non_null(w->find);
	until(w, 1);
	found_is(w, "192.0.2.1:5271 d");
	w->find = dns_find_host(w->dns, STR("[2001:db8::7]"), 5272, DNS_STARTTLS, on_found, w);
	assert_null(w->find);
	found_is(w, "[2001:db8::7]:5272 s");
}

/* ---- DNSSEC ---- */

static void secure_mercury(struct world *w)
{
	sim_dns_srv(w->sim, STARTTLS, 10, 0, 5270, "a.example.net");
	sim_dns_srv(w->sim, STARTTLS, 20, 0, 5270, "b.example.net");
	sim_dns_secure(w->sim, STARTTLS, DNS_SRV);
	sim_dns_address(w->sim, "a.example.net", "192.0.2.1");
	sim_dns_address(w->sim, "a.example.net", "2001:db8::1");
	sim_dns_secure(w->sim, "a.example.net", DNS_A);
	sim_dns_secure(w->sim, "a.example.net", DNS_AAAA);
	sim_dns_address(w->sim, "b.example.net", "192.0.2.2");
}

static void tlsa_is_asked_once_for_each_secure_server(void **state)
{
	struct world *w = *state;

	secure_mercury(w);
	sim_dns_tlsa(w->sim, "_5270._tcp.a.example.net", 3, 1, 1, "0011");
	sim_dns_tlsa(w->sim, "_5270._tcp.a.example.net", 2, 0, 2, "22");
	sim_dns_secure(w->sim, "_5270._tcp.a.example.net", DNS_TLSA);
	find_all(w, MERCURY, DNS_WANT_STARTTLS | DNS_WANT_TLSA);
	found_is(w, "[2001:db8::1]:5270 s, 192.0.2.1:5270 s, 192.0.2.2:5270 s");
	assert_int_equal(sim_dns_asked(w->sim, "_5270._tcp.a.example.net", DNS_TLSA), 1);
	assert_int_equal(sim_dns_asked(w->sim, "_5270._tcp.b.example.net", DNS_TLSA), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(w->found.candidates[i].is_secure);
		assert_int_equal(w->found.candidates[i].tlsa, 0);
		assert_int_equal(w->found.candidates[i].tlsa_count, 2);
	}
	assert_false(w->found.candidates[2].is_secure);
	assert_int_equal(w->found.candidates[2].tlsa_count, 0);
	assert_int_equal(w->found.tlsa_count, 2);
	assert_int_equal(w->found.tlsa[0].usage, 3);
	assert_int_equal(w->found.tlsa[0].len, 2);
	assert_memory_equal(w->found.tlsa[0].data, "\0\x11", 2);
}

static void an_insecure_srv_record_makes_no_server_secure(void **state)
{
	struct world *w = *state;

	sim_dns_srv(w->sim, STARTTLS, 10, 0, 5270, "a.example.net");
	sim_dns_address(w->sim, "a.example.net", "192.0.2.1");
	sim_dns_secure(w->sim, "a.example.net", DNS_A);
	find_all(w, MERCURY, DNS_WANT_STARTTLS | DNS_WANT_TLSA);
	assert_false(w->found.candidates[0].is_secure);
	assert_int_equal(sim_dns_asked(w->sim, "_5270._tcp.a.example.net", DNS_TLSA), 0);
}

static void insecure_tlsa_records_do_not_count(void **state)
{
	struct world *w = *state;

	secure_mercury(w);
	sim_dns_tlsa(w->sim, "_5270._tcp.a.example.net", 3, 1, 1, "0011");
	find_all(w, MERCURY, DNS_WANT_STARTTLS | DNS_WANT_TLSA);        /* RFC 6698 §4.1 */
	assert_int_equal(w->found.tlsa_count, 0);
	assert_int_equal(w->found.candidates[0].tlsa_count, 0);
}

static void a_server_whose_tlsa_look_up_failed_is_left_out(void **state)
{
	struct world *w = *state;

	secure_mercury(w);
	sim_dns_bogus(w->sim, "_5270._tcp.a.example.net", DNS_TLSA);
	find_all(w, MERCURY, DNS_WANT_STARTTLS | DNS_WANT_TLSA);
	found_is(w, "192.0.2.2:5270 s");
	sim_dns_forget(w->sim, "b.example.net", DNS_A);
	find_all(w, MERCURY, DNS_WANT_STARTTLS | DNS_WANT_TLSA);
	assert_int_equal(w->found.err, TRUNK_EDNS_FAIL);
	assert_string_equal(w->found.why, "_5270._tcp.a.example.net: the look-up of TLSA failed");
}

static void tlsa_that_never_comes_is_a_failure_of_that_server(void **state)
{
	struct world *w = *state;

	secure_mercury(w);
	sim_dns_delay(w->sim, "_5270._tcp.a.example.net", DNS_TLSA, SIM_DNS_NEVER);
	find(w, MERCURY, DNS_WANT_STARTTLS | DNS_WANT_TLSA);
	until(w, 4999);
	assert_int_equal(w->told, 0);
	until(w, 5000);
	assert_int_equal(w->told, 1);
	found_is(w, "192.0.2.2:5270 s");
}

static void a_secure_denial_of_srv_makes_the_domain_itself_secure(void **state)
{
	struct world *w = *state;

	sim_dns_secure(w->sim, STARTTLS, DNS_SRV);
	sim_dns_address(w->sim, MERCURY, "192.0.2.1");
	sim_dns_secure(w->sim, MERCURY, DNS_A);
	find_all(w, MERCURY, DNS_WANT_STARTTLS | DNS_WANT_TLSA);
	assert_true(w->found.candidates[0].is_secure);
	assert_int_equal(sim_dns_asked(w->sim, "_5269._tcp." MERCURY, DNS_TLSA), 1);
}

static void tlsa_records_are_bounded(void **state)
{
	struct world *w = *state;

	secure_mercury(w);
	for (unsigned i = 0; i < 20; i++)
		sim_dns_tlsa(w->sim, "_5270._tcp.a.example.net", 3, 1, 1, "00");
	sim_dns_secure(w->sim, "_5270._tcp.a.example.net", DNS_TLSA);
	find_all(w, MERCURY, DNS_WANT_STARTTLS | DNS_WANT_TLSA);
	assert_int_equal(w->found.tlsa_count, DNS_TLSA_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_srv_the_domain_itself_is_the_host),
		TEST(direct_tls_alone_never_falls_back_to_the_domain),
		TEST(srv_is_followed_and_the_domain_itself_not_asked),
		TEST(both_services_are_mixed_by_priority),
		TEST(weights_are_drawn_over_both_services),
		TEST(a_service_that_is_not_offered_leaves_the_other),
		TEST(where_no_service_is_offered_there_is_no_fallback),
		TEST(a_denied_direct_service_forbids_the_fallback_too),
		TEST(families_are_mixed_with_ipv6_first),
		TEST(dns_that_says_no_everywhere_is_none),
		TEST(a_failed_srv_look_up_is_no_reason_to_fall_back),
		TEST(one_failed_service_does_not_hide_the_other),
		TEST(a_forged_answer_is_a_failure),
		TEST(silence_ends_after_the_timeout_in_words),
		TEST(addresses_that_fail_are_a_failure_though_the_other_family_says_no),
		TEST(a_slow_family_is_not_waited_for_long),
		TEST(a_host_without_any_address_yet_is_waited_for),
		TEST(malformed_records_are_skipped_and_alone_they_are_a_failure),
		TEST(counts_are_bounded),
		TEST(an_answer_within_the_call_is_told_within_the_call),
		TEST(a_cancelled_find_is_never_told),
		TEST(cancelling_within_the_callback_is_harmless),
		TEST(the_room_may_be_freed_within_the_callback),
		TEST(names_are_asked_for_in_ascii),
		TEST(a_domain_that_is_an_address_needs_no_dns),
		TEST(a_name_too_long_for_its_prefix_still_has_addresses),
		TEST(an_override_with_an_address_asks_nobody),
		TEST(an_override_with_a_host_asks_for_its_addresses_only),
		TEST(an_override_whose_host_has_no_address_says_so),
		TEST(overrides_in_a_circle_are_none),
		TEST(one_host_is_found_without_srv),
		TEST(tlsa_is_asked_once_for_each_secure_server),
		TEST(an_insecure_srv_record_makes_no_server_secure),
		TEST(insecure_tlsa_records_do_not_count),
		TEST(a_server_whose_tlsa_look_up_failed_is_left_out),
		TEST(tlsa_that_never_comes_is_a_failure_of_that_server),
		TEST(a_secure_denial_of_srv_makes_the_domain_itself_secure),
		TEST(tlsa_records_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
