/* SPDX-License-Identifier: Apache-2.0
 * The CA of our own: made, shown, exported; what it issues is good, and only within its constraints. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const both[] = {"example.org", "mercury.example.net", NULL};

static const char *ca_file(void **state)
{
	return path_in(state, "issuer.pem");
}

/* A store that issues by issuer.pem, and trusts ca.pem where that is there. */
static struct tls_store *store_issuing(void **state, bool is_any, struct report *report)
{
	const char *trust = path_in(state, "ca.pem");
	const struct tls_store_options options = {
		.issuer_file = ca_file(state),
		.issue_any = is_any,
		.trust = (const char *const[]){access(trust, R_OK) == 0 ? trust : NULL, NULL},
	};

	return store_of(&options, report);
}

static void ca_make(void **state, const char *const *permit)
{
	struct buf pem = {0};

	assert_int_equal(tls_ca_init(ca_file(state), "Trunk CA", permit, WALL_MS), 0);
	assert_int_equal(tls_ca_export(ca_file(state), &pem), 0);
	put_text(path_in(state, "ca.pem"), buf_str(&pem), 0644);
	assert_null(memmem(buf_str(&pem).at, buf_len(&pem), "PRIVATE", 7));
	buf_fini(&pem);
}

static enum tls_identity_kind kind_of(struct tls_store *store, const char *domain, int64_t wall_ms, int64_t *ret_end_ms)
{
	struct tls_identity_info info;

	assert_int_equal(tls_store_identity(store, domain, wall_ms, &info), 0);
	*ret_end_ms = info.not_after_ms;
	return info.kind;
}

static void a_ca_is_written_once_and_for_its_owner_alone(void **state)
{
	struct buf text = {0};
	struct stat stat_of;

	ca_make(state, both);
	assert_int_equal(stat(ca_file(state), &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 07777, 0600);
	assert_int_equal(tls_ca_init(ca_file(state), "Another", both, WALL_MS), TRUNK_EEXIST);
	assert_int_equal(tls_ca_show(ca_file(state), &text), 0);
	assert_true(str_starts(buf_str(&text), STR("subject: CN=Trunk CA\nvalid: 2026-09-21 to 2036-09-20\n"
						   "permits: example.org and its subdomains\n"
						   "permits: mercury.example.net and its subdomains\nsha256: ")));
	buf_fini(&text);
	assert_int_equal(tls_ca_init(path_in(state, "bad.pem"), "Bad", (const char *const[]){"a b", NULL}, WALL_MS),
			 TRUNK_EADDRESS);
	assert_int_equal(tls_ca_init(path_in(state, "no/where.pem"), "Bad", both, WALL_MS), TRUNK_EIO);
	assert_int_equal(tls_ca_show(path_in(state, "bad.pem"), &text), TRUNK_ENOENT);
}

/* EXTERNAL on both legs: what is issued proves both forms of role, by every name form. */
static void what_it_issues_is_good_for_both_roles(void **state)
{
	static const char *const domains[] = {"saturn.example.org", "mercury.example.net"};
	struct tls_judgement judgement;
	struct tls_store *store;
	struct report report;
	struct pair pair;
	char names[200];
	int64_t end_ms;

	ca_make(state, both);
	store = store_issuing(state, false, &report);
	assert_non_null(store);
	assert_int_equal(report.warnings, 0);
	pair_open(&pair, store,
		  &(struct tls_session_options){.role = TLS_CLIENT, .domain = domains[0], .server_name = domains[1]}, store,
		  &(struct tls_session_options){.role = TLS_SERVER, .domain = domains[1]});
	assert_true(pair_shake(&pair, 0));
	tls_session_judge(pair.client, &(struct tls_expectation){.domain = domains[1]}, WALL_MS, &judgement);
	assert_int_equal(judgement.proof, TLS_PROOF_PKIX);
	tls_session_judge(pair.server, &(struct tls_expectation){.domain = domains[0]}, WALL_MS, &judgement);
	assert_int_equal(judgement.proof, TLS_PROOF_PKIX);
	tls_session_peer_names(pair.server, names, sizeof(names), &end_ms);
	assert_string_equal(names, "dns:saturn.example.org");
	assert_true(end_ms <= WALL_MS + 7LL * DAY_S * 1000);
	pair_close(&pair);
	tls_store_free(&store);
}

static void it_issues_within_its_constraints_alone(void **state)
{
	struct tls_identity_info info;
	struct tls_store *store;
	struct report report;
	struct buf out = {0};
	int64_t end_ms;

	ca_make(state, both);
	for (int is_any = 0; is_any < 2; is_any++) {
		store = store_issuing(state, is_any, &report);
		assert_int_equal(kind_of(store, "example.org", WALL_MS, &end_ms), TLS_IDENTITY_ISSUED);
		assert_int_equal(kind_of(store, "a.b.example.org", WALL_MS, &end_ms), TLS_IDENTITY_ISSUED);
		assert_int_equal(kind_of(store, "notexample.org", WALL_MS, &end_ms), TLS_IDENTITY_SELF_SIGNED);
		assert_int_equal(kind_of(store, "example.net", WALL_MS, &end_ms), TLS_IDENTITY_SELF_SIGNED);
		tls_store_free(&store);
	}
	store = store_issuing(state, false, &report);
	assert_int_equal(tls_store_identity(store, "example.net", WALL_MS, &info), 0);
	assert_string_equal(info.refusal, "the name constraints of the issuer's CA do not permit it");
	assert_int_equal(tls_store_identity(store, "example.org", WALL_MS, &info), 0);
	assert_null(info.refusal);
	tls_store_free(&store);
	assert_int_equal(tls_ca_issue(ca_file(state), "example.net", 7, WALL_MS, &out), TRUNK_EPERM);
	assert_int_equal(buf_len(&out), 0);
}

/* Issuing for any domain takes two words: a CA without constraints, and issue-any. */
static void a_ca_without_constraints_issues_only_where_any_is_allowed(void **state)
{
	struct tls_store *store;
	struct report report;
	int64_t end_ms;

	ca_make(state, NULL);
	store = store_issuing(state, false, &report);
	assert_int_equal(report.warnings, 1);
	assert_non_null(strstr(report.text, "issuer.pem: the CA has no name constraints and issues nothing"));
	assert_int_equal(kind_of(store, "a.example", WALL_MS, &end_ms), TLS_IDENTITY_SELF_SIGNED);
	tls_store_free(&store);
	store = store_issuing(state, true, &report);
	assert_int_equal(report.warnings, 1);
	assert_non_null(strstr(report.text, "issuer.pem: issues certificates for any domain"));
	assert_int_equal(kind_of(store, "a.example", WALL_MS, &end_ms), TLS_IDENTITY_ISSUED);
	tls_store_free(&store);
}

static void issued_ones_are_renewed_when_a_third_is_left(void **state)
{
	const int64_t day_ms = DAY_S * 1000LL;
	int64_t first_ms, later_ms;
	struct tls_store *store;
	struct report report;

	ca_make(state, both);
	store = store_issuing(state, false, &report);
	assert_int_equal(kind_of(store, "example.org", WALL_MS, &first_ms), TLS_IDENTITY_ISSUED);
	assert_true(first_ms > WALL_MS + 6 * day_ms && first_ms <= WALL_MS + 7 * day_ms);
	kind_of(store, "example.org", WALL_MS + 4 * day_ms, &later_ms);
	assert_int_equal(later_ms, first_ms);
	kind_of(store, "example.org", WALL_MS + 5 * day_ms, &later_ms);
	assert_int_equal(later_ms, first_ms + 5 * day_ms);
	tls_store_free(&store);
}

static void a_ca_that_ended_issues_nothing_and_says_so(void **state)
{
	struct made made = made_new(
		&(struct spec){.cn = "Old", .is_ca = true, .constraints = "permitted;DNS:example.org", .end_s = WALL_S - 1},
		NULL);
	struct tls_store *store;
	struct report report;
	int64_t end_ms;

	put_made(ca_file(state), &made, NULL, 0600);
	store = store_issuing(state, false, &report);
	assert_non_null(store);
	assert_non_null(strstr(report.text, "issuer.pem: the CA ended 2026-09-21 and issues nothing"));
	assert_int_equal(kind_of(store, "example.org", WALL_MS, &end_ms), TLS_IDENTITY_SELF_SIGNED);
	tls_store_free(&store);
	made_free(&made);
}

static void what_it_issues_ends_with_it(void **state)
{
	struct made made = made_new(
		&(struct spec){.cn = "Old", .is_ca = true, .constraints = "permitted;DNS:example.org", .end_s = WALL_S + DAY_S},
		NULL);
	struct tls_store *store;
	struct report report;
	int64_t end_ms;

	put_made(ca_file(state), &made, NULL, 0600);
	store = store_issuing(state, false, &report);
	assert_int_equal(kind_of(store, "example.org", WALL_MS, &end_ms), TLS_IDENTITY_ISSUED);
	assert_int_equal(end_ms, WALL_MS + DAY_S * 1000LL);
	tls_store_free(&store);
	made_free(&made);
}

static void a_leaf_is_no_ca(void **state)
{
	struct made made = made_new(&(struct spec){.san = "DNS:example.org"}, NULL);
	struct tls_store *store;
	struct report report;
	int64_t end_ms;

	put_made(ca_file(state), &made, NULL, 0600);
	store = store_issuing(state, true, &report);
	assert_non_null(strstr(report.text, "issuer.pem: its certificate is not that of a CA and issues nothing"));
	assert_int_equal(kind_of(store, "example.org", WALL_MS, &end_ms), TLS_IDENTITY_SELF_SIGNED);
	tls_store_free(&store);
	made_free(&made);
}

static void an_issuer_with_an_open_or_foreign_key_is_refused(void **state)
{
	struct made ca = made_new(&(struct spec){.is_ca = true}, NULL), other = made_new(&(struct spec){.is_ca = true}, NULL);
	struct report report;

	put_made(ca_file(state), &ca, NULL, 0644);
	assert_null(store_issuing(state, true, &report));
	assert_non_null(strstr(report.text, "issuer.pem: its private key is open to others"));
	EVP_PKEY_free(ca.key);
	EVP_PKEY_up_ref(other.key);
	ca.key = other.key;
	put_made(ca_file(state), &ca, NULL, 0600);
	assert_null(store_issuing(state, true, &report));
	assert_non_null(strstr(report.text, "issuer.pem: the private key is not that of the first certificate"));
	made_free(&ca);
	made_free(&other);
}

static void one_certificate_is_issued_for_a_spoke(void **state)
{
	struct problems silent = {0};
	struct buf out = {0};
	struct pem pem;

	ca_make(state, both);
	assert_int_equal(tls_ca_issue(ca_file(state), "a.example.org", 8, WALL_MS, &out), TRUNK_ELIMIT);
	assert_int_equal(tls_ca_issue(ca_file(state), "a.example.org", 0, WALL_MS, &out), TRUNK_ELIMIT);
	assert_int_equal(tls_ca_issue(ca_file(state), "A b", 7, WALL_MS, &out), TRUNK_EADDRESS);
	assert_int_equal(tls_ca_issue(ca_file(state), "a.example.org", 7, WALL_MS, &out), 0);
	put_text(path_in(state, "a.pem"), buf_str(&out), 0600);
	assert_int_equal(pem_read(path_in(state, "a.pem"), &silent, &pem), 0);
	assert_int_equal(sk_X509_num(pem.certs), 1); /* the root is what the peer has already */
	assert_int_equal(X509_check_private_key(sk_X509_value(pem.certs, 0), pem.key), 1);
	assert_int_equal(X509_check_host(sk_X509_value(pem.certs, 0), "a.example.org", 0, 0, NULL), 1);
	pem_fini(&pem);
	buf_wipe(&out);
}

/* A name over 64 characters has no place in a common name (RFC 5280, ub-common-name). */
static void long_domains_have_names_too(void **state)
{
	static const char domain[] = "a-label-of-quite-some-length.another-label-of-quite-some-length.and-a-third.example.org";
	struct tls_judgement judgement;
	struct tls_store *store;
	struct report report;
	struct pair pair;

	ca_make(state, both);
	store = store_issuing(state, false, &report);
	pair_open(&pair, store, &(struct tls_session_options){.role = TLS_CLIENT, .domain = domain}, store,
		  &(struct tls_session_options){.role = TLS_SERVER, .domain = domain});
	assert_true(pair_shake(&pair, 0));
	tls_session_judge(pair.server, &(struct tls_expectation){.domain = domain}, WALL_MS, &judgement);
	assert_int_equal(judgement.proof, TLS_PROOF_PKIX);
	pair_close(&pair);
	tls_store_free(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
		T(a_ca_is_written_once_and_for_its_owner_alone),
		T(what_it_issues_is_good_for_both_roles),
		T(it_issues_within_its_constraints_alone),
		T(a_ca_without_constraints_issues_only_where_any_is_allowed),
		T(issued_ones_are_renewed_when_a_third_is_left),
		T(a_ca_that_ended_issues_nothing_and_says_so),
		T(what_it_issues_ends_with_it),
		T(a_leaf_is_no_ca),
		T(an_issuer_with_an_open_or_foreign_key_is_refused),
		T(one_certificate_is_issued_for_a_spoke),
		T(long_domains_have_names_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
