/* SPDX-License-Identifier: Apache-2.0
 * What a certificate proves: each way, each name form, and each doubt with its words. */
#include "fixture.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define XMPP_ADDR "otherName:1.3.6.1.5.5.7.8.5;UTF8:"
#define DNS_SRV "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:"

struct setting {
	void **state;
	struct made ca;
	struct tls_store *store; /* trusts the CA */
	int64_t wall_ms;         /* of the judgement */
};

static void setting_begin(void **state, struct setting *setting)
{
	*setting = (struct setting){.state = state, .wall_ms = WALL_MS};
	setting->ca = made_new(&(struct spec){.cn = "Test CA", .is_ca = true, .end_s = WALL_S + 3650LL * DAY_S}, NULL);
	put_certs(path_in(state, "ca.pem"), (const struct made *const[]){&setting->ca, NULL});
	setting->store = store_simple(NULL, path_in(state, "ca.pem"));
}

static void setting_end(struct setting *setting)
{
	made_free(&setting->ca);
	tls_store_free(&setting->store);
}

/* A server's session whose client has shown `leaf` and `chain` behind it (ends in NULL). */
static void pair_showing(const struct setting *setting, const struct made *leaf, const struct made *const *chain,
			 struct pair *pair)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	for (size_t i = 0; chain && chain[i]; i++)
		sk_X509_push(stack, chain[i]->cert);
	pair_open(pair, setting->store, &(struct tls_session_options){.role = TLS_CLIENT}, setting->store,
		  &(struct tls_session_options){.role = TLS_SERVER});
	SSL_set_security_level(pair->client->ssl, 0);
	assert_int_equal(SSL_use_cert_and_key(pair->client->ssl, leaf->cert, leaf->key, stack, 1), 1);
	if (!pair_shake(pair, 0))
		fail_msg("%s", tls_session_error(pair->server));
	sk_X509_free(stack);
}

static struct tls_judgement judge(const struct setting *setting, const struct made *leaf, const struct made *const *chain,
				  const struct tls_expectation *expected)
{
	struct tls_judgement judgement;
	struct pair pair;

	pair_showing(setting, leaf, chain, &pair);
	tls_session_judge(pair.server, expected, setting->wall_ms, &judgement);
	pair_close(&pair);
	return judgement;
}

/* Issues by the setting's CA (or signs by itself), and judges for `domain`. */
static struct tls_judgement judge_spec(const struct setting *setting, const struct spec *spec, bool is_self_signed,
				       const char *domain)
{
	struct made leaf = made_new(spec, is_self_signed ? NULL : &setting->ca);
	const struct tls_judgement judgement = judge(setting, &leaf, NULL, &(struct tls_expectation){.domain = domain});

	made_free(&leaf);
	return judgement;
}

static bool names_prove(const struct setting *setting, const char *san, const char *domain)
{
	const struct tls_judgement judgement = judge_spec(setting, &(struct spec){.san = san}, false, domain);

	if (judgement.proof == TLS_PROOF_PKIX)
		return true;
	assert_int_equal(judgement.proof, TLS_PROOF_NONE);
	assert_int_equal(judgement.doubt, TLS_DOUBT_NAME);
	return false;
}

/* RFC 9525 §6.3: the whole left-most label, for exactly one label. */
static void dns_names_and_wildcards(void **state)
{
	struct setting setting;

	setting_begin(state, &setting);
	assert_true(names_prove(&setting, "DNS:a.example.org", "a.example.org"));
	assert_true(names_prove(&setting, "DNS:A.Example.ORG", "a.example.org"));
	assert_true(names_prove(&setting, "DNS:x.org,DNS:a.example.org", "a.example.org"));
	assert_true(names_prove(&setting, "DNS:*.example.org", "a.example.org"));
	assert_true(names_prove(&setting, "DNS:*.example.org", "xn--mnchen-3ya.example.org"));
	assert_false(names_prove(&setting, "DNS:*.example.org", "example.org"));
	assert_false(names_prove(&setting, "DNS:*.example.org", "a.b.example.org"));
	assert_false(names_prove(&setting, "DNS:*.example.org", "example.org.evil.net"));
	assert_false(names_prove(&setting, "DNS:a*.example.org", "ab.example.org"));
	assert_false(names_prove(&setting, "DNS:*a.example.org", "ba.example.org"));
	assert_false(names_prove(&setting, "DNS:a.*.org", "a.b.org"));
	assert_false(names_prove(&setting, "DNS:*", "org"));
	assert_false(names_prove(&setting, "DNS:*.org", "example.org"));
	assert_false(names_prove(&setting, "DNS:*.*.org", "a.b.org"));
	assert_false(names_prove(&setting, "DNS:example.org", "a.example.org"));
	assert_false(names_prove(&setting, "DNS:192.0.2.1", "192.0.2.1"));
	assert_false(names_prove(&setting, "DNS:*.0.2.1", "192.0.2.1"));
	setting_end(&setting);
}

/* RFC 4985 §2, RFC 6120 §13.7.1.4. */
static void srv_and_xmpp_names(void **state)
{
	struct setting setting;

	setting_begin(state, &setting);
	assert_true(names_prove(&setting, DNS_SRV "_xmpp-server.example.org", "example.org"));
	assert_true(names_prove(&setting, DNS_SRV "_XMPP-Server.Example.org", "example.org"));
	assert_false(names_prove(&setting, DNS_SRV "_xmpp-client.example.org", "example.org"));
	assert_false(names_prove(&setting, DNS_SRV "example.org", "example.org"));
	assert_false(names_prove(&setting, DNS_SRV "_xmpp-server.*.example.org", "a.example.org"));
	assert_true(names_prove(&setting, XMPP_ADDR "example.org", "example.org"));
	assert_int_equal(
		judge_spec(&setting, &(struct spec){.raw_xmpp = "münchen.example"}, false, "xn--mnchen-3ya.example").proof,
		TLS_PROOF_PKIX);
	assert_int_equal(
		judge_spec(&setting, &(struct spec){.raw_xmpp = "MÜNCHEN.example"}, false, "xn--mnchen-3ya.example").proof,
		TLS_PROOF_PKIX);
	assert_true(names_prove(&setting, XMPP_ADDR "xn--mnchen-3ya.example", "xn--mnchen-3ya.example"));
	assert_false(names_prove(&setting, XMPP_ADDR "ann@example.org", "example.org"));
	assert_false(names_prove(&setting, XMPP_ADDR "*.example.org", "a.example.org"));
	assert_false(names_prove(&setting, "otherName:1.3.6.1.5.5.7.8.5;IA5STRING:example.org", "example.org"));
	assert_false(names_prove(&setting, "otherName:1.2.3.4;UTF8:example.org", "example.org"));
	setting_end(&setting);
}

static void a_common_name_does_not_count(void **state)
{
	struct tls_judgement judgement;
	struct setting setting;

	setting_begin(state, &setting);
	judgement = judge_spec(&setting, &(struct spec){.cn = "example.org"}, false, "example.org");
	assert_int_equal(judgement.proof, TLS_PROOF_NONE);
	assert_int_equal(judgement.doubt, TLS_DOUBT_NAME);
	assert_string_equal(judgement.text, "certificate names no domain (a common name does not count), not example.org");
	setting_end(&setting);
}

static void check_doubt(const struct tls_judgement *judgement, enum tls_doubt doubt, const char *text)
{
	assert_int_equal(judgement->proof, TLS_PROOF_NONE);
	assert_int_equal(judgement->doubt, doubt);
	assert_string_equal(judgement->text, text);
}

static void the_wrong_name_is_told_with_the_right_ones(void **state)
{
	struct tls_judgement judgement;
	struct setting setting;

	setting_begin(state, &setting);
	judgement = judge_spec(&setting, &(struct spec){.san = "DNS:saturn.example.org"}, false, "mercury.example.net");
	check_doubt(&judgement, TLS_DOUBT_NAME, "certificate names saturn.example.org, not mercury.example.net");
	setting_end(&setting);
}

static void time_is_told_with_its_date(void **state)
{
	struct tls_judgement judgement;
	struct setting setting;
	struct spec spec = {.san = "DNS:a.example", .start_s = WALL_S - 30 * DAY_S, .end_s = WALL_S};

	setting_begin(state, &setting);
	judgement = judge_spec(&setting, &spec, false, "a.example");
	check_doubt(&judgement, TLS_DOUBT_EXPIRED, "certificate ended 2026-09-21");
	spec.start_s = WALL_S + 103 * DAY_S;
	spec.end_s = WALL_S + 300 * DAY_S;
	judgement = judge_spec(&setting, &spec, false, "a.example");
	check_doubt(&judgement, TLS_DOUBT_NOT_YET_VALID,
		    "certificate is not valid before 2027-01-02 (is this machine's clock right?)");
	setting.wall_ms += 200LL * DAY_S * 1000;
	assert_int_equal(judge_spec(&setting, &spec, false, "a.example").proof, TLS_PROOF_PKIX);
	setting_end(&setting);
}

static void a_certificate_that_ends_during_the_session_proves_no_more(void **state)
{
	const struct tls_expectation expected = {.domain = "a.example"};
	struct tls_judgement judgement;
	struct setting setting;
	struct made leaf;
	struct pair pair;

	setting_begin(state, &setting);
	leaf = made_new(&(struct spec){.san = "DNS:a.example", .end_s = WALL_S + DAY_S}, &setting.ca);
	pair_showing(&setting, &leaf, NULL, &pair);
	tls_session_judge(pair.server, &expected, WALL_MS, &judgement);
	assert_int_equal(judgement.proof, TLS_PROOF_PKIX);
	tls_session_judge(pair.server, &expected, WALL_MS + DAY_S * 1000LL, &judgement);
	assert_int_equal(judgement.proof, TLS_PROOF_NONE);
	assert_int_equal(judgement.doubt, TLS_DOUBT_EXPIRED);
	pair_close(&pair);
	made_free(&leaf);
	setting_end(&setting);
}

/* A peer that comes again with the same certificate is not verified anew, for an hour at most. */
static void a_chain_is_remembered_for_an_hour(void **state)
{
	static const int64_t later_ms[] = {0, 59 * 60 * 1000, 61 * 60 * 1000, -1000};
	const struct tls_expectation expected = {.domain = "a.example"};
	struct tls_judgement judgement;
	struct pair first, again;
	struct setting setting;
	struct made leaf;

	setting_begin(state, &setting);
	leaf = made_new(&(struct spec){.san = "DNS:a.example"}, &setting.ca);
	for (size_t i = 0; i < sizeof(later_ms) / sizeof(later_ms[0]); i++) {
		tls_store_free(&setting.store);
		setting.store = store_simple(NULL, path_in(state, "ca.pem"));
		pair_showing(&setting, &leaf, NULL, &first);
		pair_showing(&setting, &leaf, NULL, &again);
		tls_session_judge(first.server, &expected, WALL_MS, &judgement);
		assert_int_equal(judgement.proof, TLS_PROOF_PKIX);
		tls_session_judge(again.server, &expected, WALL_MS + later_ms[i], &judgement);
		assert_int_equal(judgement.proof, TLS_PROOF_PKIX);
		if (i < 2)
			assert_ptr_equal(sk_X509_value(again.server->peer.path, 0), session_leaf(first.server));
		else
			assert_ptr_equal(sk_X509_value(again.server->peer.path, 0), session_leaf(again.server));
		pair_close(&first);
		pair_close(&again);
	}
	made_free(&leaf);
	setting_end(&setting);
}

static void a_remembered_chain_ends_with_its_certificate(void **state)
{
	const struct tls_expectation expected = {.domain = "a.example"};
	struct setting setting;
	struct made leaf;

	setting_begin(state, &setting);
	leaf = made_new(&(struct spec){.san = "DNS:a.example", .end_s = WALL_S + 60}, &setting.ca);
	assert_int_equal(judge(&setting, &leaf, NULL, &expected).proof, TLS_PROOF_PKIX);
	setting.wall_ms += 59 * 1000;
	assert_int_equal(judge(&setting, &leaf, NULL, &expected).proof, TLS_PROOF_PKIX);
	setting.wall_ms += 2000;
	assert_int_equal(judge(&setting, &leaf, NULL, &expected).doubt, TLS_DOUBT_EXPIRED);
	made_free(&leaf);
	setting_end(&setting);
}

static void issuers_that_nobody_trusts_are_named(void **state)
{
	const struct tls_expectation expected = {.domain = "a.example"};
	struct made other, leaf;
	struct tls_judgement judgement;
	struct setting setting;

	setting_begin(state, &setting);
	other = made_new(&(struct spec){.cn = "Other CA", .is_ca = true}, NULL);
	leaf = made_new(&(struct spec){.san = "DNS:a.example"}, &other);
	judgement = judge(&setting, &leaf, NULL, &expected);
	check_doubt(&judgement, TLS_DOUBT_CHAIN, "issuer \"CN=Other CA\" is not trusted here; add its CA to tls.trust");
	judgement = judge(&setting, &leaf, (const struct made *const[]){&other, NULL}, &expected);
	check_doubt(&judgement, TLS_DOUBT_CHAIN, "issuer \"CN=Other CA\" is not trusted here; add its CA to tls.trust");
	judgement = judge_spec(&setting, &(struct spec){.san = "DNS:a.example"}, true, "a.example");
	assert_int_equal(judgement.doubt, TLS_DOUBT_SELF_SIGNED);
	made_free(&leaf);
	made_free(&other);
	setting_end(&setting);
}

/* Same name, other key: the name alone must not be enough. */
static void a_ca_of_the_same_name_is_another_ca(void **state)
{
	struct made other, leaf;
	struct tls_judgement judgement;
	struct setting setting;

	setting_begin(state, &setting);
	other = made_new(&(struct spec){.cn = "Test CA", .is_ca = true}, NULL);
	leaf = made_new(&(struct spec){.san = "DNS:a.example"}, &other);
	judgement = judge(&setting, &leaf, NULL, &(struct tls_expectation){.domain = "a.example"});
	assert_int_equal(judgement.proof, TLS_PROOF_NONE);
	assert_int_equal(judgement.doubt, TLS_DOUBT_CHAIN);
	made_free(&leaf);
	made_free(&other);
	setting_end(&setting);
}

static void chains_go_over_intermediates(void **state)
{
	const struct tls_expectation expected = {.domain = "a.example"};
	struct made middle, leaf, not_ca, below;
	struct setting setting;

	setting_begin(state, &setting);
	middle = made_new(&(struct spec){.cn = "Middle", .is_ca = true}, &setting.ca);
	leaf = made_new(&(struct spec){.san = "DNS:a.example"}, &middle);
	not_ca = made_new(&(struct spec){.cn = "other leaf", .san = "DNS:b.example"}, &setting.ca);
	below = made_new(&(struct spec){.san = "DNS:a.example"}, &not_ca);
	assert_int_equal(judge(&setting, &leaf, NULL, &expected).doubt, TLS_DOUBT_CHAIN);
	assert_int_equal(judge(&setting, &leaf, (const struct made *const[]){&middle, NULL}, &expected).proof, TLS_PROOF_PKIX);
	assert_int_equal(judge(&setting, &below, (const struct made *const[]){&not_ca, NULL}, &expected).doubt,
			 TLS_DOUBT_CHAIN);
	made_free(&middle);
	made_free(&leaf);
	made_free(&not_ca);
	made_free(&below);
	setting_end(&setting);
}

static void a_chain_of_fifty_is_malformed(void **state)
{
	enum { LENGTH = 50 };
	const struct made *chain[LENGTH];
	struct made made[LENGTH];
	struct tls_judgement judgement;
	struct setting setting;

	setting_begin(state, &setting);
	for (int i = 0; i < LENGTH; i++)
		made[i] =
			made_new(&(struct spec){.cn = i == LENGTH - 1 ? "leaf" : "link", .san = "DNS:a.example", .is_ca = true},
				 i ? &made[i - 1] : &setting.ca);
	for (int i = 0; i < LENGTH - 1; i++)
		chain[i] = &made[LENGTH - 2 - i];
	chain[LENGTH - 1] = NULL;
	judgement = judge(&setting, &made[LENGTH - 1], chain, &(struct tls_expectation){.domain = "a.example"});
	check_doubt(&judgement, TLS_DOUBT_MALFORMED, "the chain has 50 certificates, at most 10 are looked at");
	for (int i = 0; i < LENGTH; i++)
		made_free(&made[i]);
	setting_end(&setting);
}

static bool is_malformed(const struct setting *setting, struct str dns)
{
	const struct tls_judgement judgement = judge_spec(setting, &(struct spec){.raw_dns = dns}, false, "example.org");

	assert_int_equal(judgement.proof, TLS_PROOF_NONE);
	return judgement.doubt == TLS_DOUBT_MALFORMED;
}

static void names_with_nul_or_controls_are_malformed(void **state)
{
	struct setting setting;

	setting_begin(state, &setting);
	assert_true(is_malformed(&setting, STR("example.org\0.evil.net")));
	assert_true(is_malformed(&setting, STR("example.org\0")));
	assert_true(is_malformed(&setting, STR("example.org\n")));
	assert_true(is_malformed(&setting, STR("\x1b[2Jexample.org")));
	assert_true(is_malformed(&setting, STR("m\xc3\xbcnchen.example")));
	assert_false(is_malformed(&setting, STR("example.net")));
	setting_end(&setting);
}

static void two_name_extensions_are_malformed(void **state)
{
	struct made leaf;
	struct setting setting;
	X509_EXTENSION *twice;

	setting_begin(state, &setting);
	leaf = made_new(&(struct spec){.san = "DNS:a.example"}, &setting.ca);
	twice = X509_EXTENSION_dup(X509_get_ext(leaf.cert, X509_get_ext_by_NID(leaf.cert, NID_subject_alt_name, -1)));
	X509_add_ext(leaf.cert, twice, -1);
	X509_EXTENSION_free(twice);
	assert_true(X509_sign(leaf.cert, setting.ca.key, EVP_sha256()) > 0);
	assert_int_equal(judge(&setting, &leaf, NULL, &(struct tls_expectation){.domain = "a.example"}).doubt,
			 TLS_DOUBT_MALFORMED);
	made_free(&leaf);
	setting_end(&setting);
}

static void more_names_than_we_look_at_are_malformed(void **state)
{
	struct buf names = {0};
	struct setting setting;

	setting_begin(state, &setting);
	for (int i = 0; i <= CERT_NAMES_MAX; i++)
		buf_addf(&names, "%sDNS:%d.example", i ? "," : "", i);
	buf_add(&names, str_make("", 1));
	assert_int_equal(judge_spec(&setting, &(struct spec){.san = buf_str(&names).at}, false, "1.example").doubt,
			 TLS_DOUBT_MALFORMED);
	buf_fini(&names);
	setting_end(&setting);
}

/* CAs give out certificates for servers alone; such a one is good for either role. */
static void the_use_must_be_server_or_client(void **state)
{
	struct setting setting;
	struct spec spec = {.san = "DNS:a.example"};

	setting_begin(state, &setting);
	for (size_t i = 0; i < 4; i++) {
		spec.eku = ((const char *const[]){"serverAuth", "clientAuth", "emailProtection", "codeSigning,OCSPSigning"})[i];
		assert_int_equal(judge_spec(&setting, &spec, false, "a.example").proof,
				 i < 2 ? TLS_PROOF_PKIX : TLS_PROOF_NONE);
	}
	spec.eku = "emailProtection";
	assert_int_equal(judge_spec(&setting, &spec, false, "a.example").doubt, TLS_DOUBT_CHAIN);
	setting_end(&setting);
}

static void weak_keys_are_not_trusted(void **state)
{
	struct setting setting;

	setting_begin(state, &setting);
	assert_int_equal(
		judge_spec(&setting, &(struct spec){.san = "DNS:a.example", .rsa_bits = 2048}, false, "a.example").proof,
		TLS_PROOF_PKIX);
	assert_int_equal(
		judge_spec(&setting, &(struct spec){.san = "DNS:a.example", .rsa_bits = 1024}, false, "a.example").doubt,
		TLS_DOUBT_CHAIN);
	setting_end(&setting);
}

/* RFC 5280 §4.2.1.10, and for the other forms of the same domain as well. */
static void name_constraints_hold_for_every_form_of_name(void **state)
{
	const struct tls_expectation in = {.domain = "a.example.org"}, out = {.domain = "a.example.net"};
	static const char *const forms[] = {"DNS:", DNS_SRV "_xmpp-server.", XMPP_ADDR};
	struct setting setting;
	struct made middle;

	setting_begin(state, &setting);
	middle = made_new(&(struct spec){.cn = "Middle", .is_ca = true, .constraints = "critical,permitted;DNS:example.org"},
			  &setting.ca);
	for (size_t i = 0; i < 3; i++) {
		const struct made *const chain[] = {&middle, NULL};
		char good[100], bad[100];
		struct made leaf;

		snprintf(good, sizeof(good), "%s%s", forms[i], in.domain);
		snprintf(bad, sizeof(bad), "%s%s", forms[i], out.domain);
		leaf = made_new(&(struct spec){.san = good}, &middle);
		assert_int_equal(judge(&setting, &leaf, chain, &in).proof, TLS_PROOF_PKIX);
		made_free(&leaf);
		leaf = made_new(&(struct spec){.san = bad}, &middle);
		if (judge(&setting, &leaf, chain, &out).doubt != TLS_DOUBT_CHAIN)
			fail_msg("%s", forms[i]);
		made_free(&leaf);
	}
	made_free(&middle);
	setting_end(&setting);
}

/* ---- pins ---- */

static void a_pin_is_enough_and_it_must_fit(void **state)
{
	uint8_t pins[2][TLS_PIN_BYTES] = {{0}};
	struct tls_expectation expected = {
		.domain = "a.example", .pins = (const uint8_t(*)[TLS_PIN_BYTES])pins, .pin_count = 2};
	struct tls_judgement judgement;
	struct setting setting;
	struct made leaf;
	struct pair pair;

	setting_begin(state, &setting);
	leaf = made_new(&(struct spec){.san = "DNS:other.example", .end_s = WALL_S - DAY_S}, NULL);
	pair_showing(&setting, &leaf, NULL, &pair);
	assert_int_equal(tls_session_peer_pin(pair.server, pins[1]), 0);
	tls_session_judge(pair.server, &expected, WALL_MS, &judgement);
	assert_int_equal(judgement.proof, TLS_PROOF_PIN);
	expected.pin_count = 1;
	tls_session_judge(pair.server, &expected, WALL_MS, &judgement);
	assert_int_equal(judgement.proof, TLS_PROOF_NONE);
	assert_int_equal(judgement.doubt, TLS_DOUBT_PIN);
	assert_non_null(strstr(judgement.text, "sha256/"));
	pair_close(&pair);
	made_free(&leaf);

	leaf = made_new(&(struct spec){.san = "DNS:a.example"}, &setting.ca); /* PKIX is good, yet pins are set */
	assert_int_equal(judge(&setting, &leaf, NULL, &expected).doubt, TLS_DOUBT_PIN);
	made_free(&leaf);
	setting_end(&setting);
}

/* ---- revocation ---- */

static void put_crl(const char *path, const struct made *ca, X509 *revoked, int64_t end_s, bool is_der)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)(WALL_S - 10 * DAY_S));
	BIO *bio = BIO_new_file(path, "w");

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert));
	X509_CRL_set1_lastUpdate(crl, time);
	if (revoked) {
		X509_REVOKED *entry = X509_REVOKED_new();

		X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
		X509_REVOKED_set_revocationDate(entry, time);
		X509_CRL_add0_revoked(crl, entry);
	}
	ASN1_TIME_set(time, (time_t)end_s);
	X509_CRL_set1_nextUpdate(crl, time);
	assert_true(X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0);
	assert_int_equal(is_der ? i2d_X509_CRL_bio(bio, crl) : PEM_write_bio_X509_CRL(bio, crl), 1);
	BIO_free(bio);
	ASN1_TIME_free(time);
	X509_CRL_free(crl);
}

static void use_crl(struct setting *setting, X509 *revoked, int64_t end_s, bool is_der)
{
	const char *crl = path_in(setting->state, "ca.crl");
	const struct tls_store_options options = {
		.trust = (const char *const[]){path_in(setting->state, "ca.pem"), NULL},
		.crl_files = (const char *const[]){crl, NULL},
	};
	struct report report;

	put_crl(crl, &setting->ca, revoked, end_s, is_der);
	tls_store_free(&setting->store);
	setting->store = store_of(&options, &report);
	assert_non_null(setting->store);
}

static void revoked_certificates_prove_nothing(void **state)
{
	const struct tls_expectation expected = {.domain = "a.example"};
	struct made bad, good, middle, below;
	struct tls_judgement judgement;
	struct setting setting;

	setting_begin(state, &setting);
	bad = made_new(&(struct spec){.san = "DNS:a.example"}, &setting.ca);
	good = made_new(&(struct spec){.san = "DNS:a.example"}, &setting.ca);
	middle = made_new(&(struct spec){.cn = "Middle", .is_ca = true}, &setting.ca);
	below = made_new(&(struct spec){.san = "DNS:a.example"}, &middle);
	for (int is_der = 0; is_der < 2; is_der++) {
		use_crl(&setting, bad.cert, WALL_S + DAY_S, is_der);
		judgement = judge(&setting, &bad, NULL, &expected);
		check_doubt(&judgement, TLS_DOUBT_REVOKED, "certificate is revoked by its issuer");
		assert_int_equal(judge(&setting, &good, NULL, &expected).proof, TLS_PROOF_PKIX);
	}
	/* there is no list of `middle` itself, which must not matter */
	assert_int_equal(judge(&setting, &below, (const struct made *const[]){&middle, NULL}, &expected).proof, TLS_PROOF_PKIX);
	use_crl(&setting, middle.cert, WALL_S + DAY_S, false);
	assert_int_equal(judge(&setting, &below, (const struct made *const[]){&middle, NULL}, &expected).doubt,
			 TLS_DOUBT_REVOKED);
	use_crl(&setting, NULL, WALL_S - DAY_S, false);
	judgement = judge(&setting, &good, NULL, &expected);
	check_doubt(&judgement, TLS_DOUBT_CHAIN, "the revocation list (tls.crl) of its issuer has ended; renew that file");
	made_free(&bad);
	made_free(&good);
	made_free(&middle);
	made_free(&below);
	setting_end(&setting);
}

/* ---- DANE: RFC 6698 §2, RFC 7671 ---- */

struct record {
	unsigned char data[4096];
	size_t len;
};

static struct tls_tlsa record_of(struct record *record, X509 *cert, uint8_t usage, uint8_t selector, uint8_t matching)
{
	unsigned char *der = NULL;
	const int len = selector ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der) : i2d_X509(cert, &der);
	unsigned int hash_len;

	assert_true(len > 0 && len < (int)sizeof(record->data));
	record->len = (size_t)len;
	memcpy(record->data, der, record->len);
	if (matching) {
		EVP_Digest(der, record->len, record->data, &hash_len, matching == 1 ? EVP_sha256() : EVP_sha512(), NULL);
		record->len = hash_len;
	}
	OPENSSL_free(der);
	return (struct tls_tlsa){usage, selector, matching, str_make((const char *)record->data, record->len)};
}

static struct tls_judgement judge_tlsa(const struct setting *setting, const struct made *leaf, const struct made *above,
				       const struct tls_tlsa *tlsa, const char *domain)
{
	const struct made *const chain[] = {above, NULL};
	const struct tls_expectation expected = {
		.domain = domain,
		.tlsa = tlsa,
		.tlsa_count = 1,
		.tlsa_names = (const char *const[]){"xmpp.example.net", NULL},
	};

	return judge(setting, leaf, chain, &expected);
}

static void dane_ee_needs_neither_names_nor_dates(void **state)
{
	struct setting setting;
	struct record record;
	struct tls_tlsa tlsa;
	struct made leaf, other;

	setting_begin(state, &setting);
	leaf = made_new(&(struct spec){.end_s = WALL_S - DAY_S}, NULL);
	other = made_new(&(struct spec){0}, NULL);
	for (uint8_t selector = 0; selector < 2; selector++)
		for (uint8_t matching = 0; matching < 3; matching++) {
			tlsa = record_of(&record, leaf.cert, 3, selector, matching);
			assert_int_equal(judge_tlsa(&setting, &leaf, NULL, &tlsa, "a.example").proof, TLS_PROOF_DANE);
			tlsa = record_of(&record, other.cert, 3, selector, matching);
			assert_int_equal(judge_tlsa(&setting, &leaf, NULL, &tlsa, "a.example").doubt, TLS_DOUBT_DANE);
		}
	made_free(&leaf);
	made_free(&other);
	setting_end(&setting);
}

static void dane_ta_needs_chain_name_and_date(void **state)
{
	struct made root, by_domain, by_target, by_other, old;
	struct setting setting;
	struct record record;
	struct tls_tlsa tlsa;

	setting_begin(state, &setting);
	root = made_new(&(struct spec){.cn = "Private", .is_ca = true}, NULL);
	by_domain = made_new(&(struct spec){.san = "DNS:a.example"}, &root);
	by_target = made_new(&(struct spec){.san = "DNS:xmpp.example.net"}, &root);
	by_other = made_new(&(struct spec){.san = "DNS:b.example"}, &root);
	old = made_new(&(struct spec){.san = "DNS:a.example", .end_s = WALL_S - DAY_S}, &root);
	tlsa = record_of(&record, root.cert, 2, 1, 1);
	assert_int_equal(judge_tlsa(&setting, &by_domain, &root, &tlsa, "a.example").proof, TLS_PROOF_DANE);
	assert_int_equal(judge_tlsa(&setting, &by_target, &root, &tlsa, "a.example").proof, TLS_PROOF_DANE);
	assert_int_equal(judge_tlsa(&setting, &by_other, &root, &tlsa, "a.example").doubt, TLS_DOUBT_DANE);
	assert_int_equal(judge_tlsa(&setting, &old, &root, &tlsa, "a.example").doubt, TLS_DOUBT_DANE);
	assert_int_equal(judge_tlsa(&setting, &by_domain, NULL, &tlsa, "a.example").doubt, TLS_DOUBT_DANE);
	tlsa = record_of(&record, root.cert, 2, 0, 0); /* the whole anchor in DNS: it need not be sent */
	assert_int_equal(judge_tlsa(&setting, &by_domain, NULL, &tlsa, "a.example").proof, TLS_PROOF_DANE);
	tlsa = record_of(&record, by_domain.cert, 2, 0, 1); /* the leaf is no anchor */
	assert_int_equal(judge_tlsa(&setting, &by_domain, &root, &tlsa, "a.example").doubt, TLS_DOUBT_DANE);
	made_free(&root);
	made_free(&by_domain);
	made_free(&by_target);
	made_free(&by_other);
	made_free(&old);
	setting_end(&setting);
}

/* An anchor in the chain does not vouch for a leaf that it did not sign. */
static void dane_ta_is_not_satisfied_by_a_foreign_anchor_in_the_chain(void **state)
{
	struct setting setting;
	struct record record;
	struct tls_tlsa tlsa;
	struct made root, leaf;

	setting_begin(state, &setting);
	root = made_new(&(struct spec){.cn = "Private", .is_ca = true}, NULL);
	leaf = made_new(&(struct spec){.san = "DNS:a.example"}, NULL);
	tlsa = record_of(&record, root.cert, 2, 0, 1);
	assert_int_equal(judge_tlsa(&setting, &leaf, &root, &tlsa, "a.example").doubt, TLS_DOUBT_DANE);
	made_free(&root);
	made_free(&leaf);
	setting_end(&setting);
}

static void pkix_usages_need_the_chain_as_well(void **state)
{
	struct setting setting;
	struct record record;
	struct tls_tlsa tlsa;
	struct made good, bad;

	setting_begin(state, &setting);
	good = made_new(&(struct spec){.san = "DNS:a.example"}, &setting.ca);
	bad = made_new(&(struct spec){.san = "DNS:a.example"}, NULL);
	tlsa = record_of(&record, good.cert, 1, 1, 1);
	assert_int_equal(judge_tlsa(&setting, &good, NULL, &tlsa, "a.example").proof, TLS_PROOF_DANE);
	tlsa = record_of(&record, bad.cert, 1, 1, 1);
	assert_int_equal(judge_tlsa(&setting, &bad, NULL, &tlsa, "a.example").doubt, TLS_DOUBT_DANE);
	tlsa = record_of(&record, setting.ca.cert, 0, 1, 1);
	assert_int_equal(judge_tlsa(&setting, &good, NULL, &tlsa, "a.example").proof, TLS_PROOF_DANE);
	assert_int_equal(judge_tlsa(&setting, &bad, NULL, &tlsa, "a.example").doubt, TLS_DOUBT_DANE);
	made_free(&good);
	made_free(&bad);
	setting_end(&setting);
}

/* RFC 6698 §4.1: what nobody can use is as if it were absent. */
static void unknown_tlsa_records_are_ignored(void **state)
{
	struct setting setting;
	struct record record;
	struct tls_tlsa good, tlsa;
	struct made leaf, self_signed;

	setting_begin(state, &setting);
	leaf = made_new(&(struct spec){.san = "DNS:a.example"}, &setting.ca);
	self_signed = made_new(&(struct spec){.san = "DNS:a.example"}, NULL);
	good = record_of(&record, self_signed.cert, 3, 1, 1);
	for (int i = 0; i < 5; i++) {
		tlsa = good;
		tlsa.usage = i == 0 ? 4 : i == 1 ? 255 : 3;
		tlsa.selector = i == 2 ? 2 : 1;
		tlsa.matching = i == 3 ? 3 : 1;
		tlsa.data.len = i == 4 ? 31 : 32;
		assert_int_equal(judge_tlsa(&setting, &leaf, NULL, &tlsa, "a.example").proof, TLS_PROOF_PKIX);
		assert_int_equal(judge_tlsa(&setting, &self_signed, NULL, &tlsa, "a.example").doubt, TLS_DOUBT_SELF_SIGNED);
	}
	made_free(&leaf);
	made_free(&self_signed);
	setting_end(&setting);
}

static void names_for_people_are_cut_with_a_count(void **state)
{
	struct setting setting;
	char names[48];
	struct made leaf;
	struct pair pair;
	int64_t end_ms;

	setting_begin(state, &setting);
	leaf = made_new(&(struct spec){.san = "DNS:a.example,DNS:b.example,DNS:c.example,DNS:d.example,DNS:e.example"},
			&setting.ca);
	pair_showing(&setting, &leaf, NULL, &pair);
	tls_session_peer_names(pair.server, names, sizeof(names), &end_ms);
	assert_string_equal(names, "dns:a.example, dns:b.example and 3 more");
	assert_int_equal(end_ms, WALL_MS + 180LL * DAY_S * 1000);
	pair_close(&pair);
	made_free(&leaf);
	setting_end(&setting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
		T(dns_names_and_wildcards),
		T(srv_and_xmpp_names),
		T(a_common_name_does_not_count),
		T(the_wrong_name_is_told_with_the_right_ones),
		T(time_is_told_with_its_date),
		T(a_certificate_that_ends_during_the_session_proves_no_more),
		T(a_chain_is_remembered_for_an_hour),
		T(a_remembered_chain_ends_with_its_certificate),
		T(issuers_that_nobody_trusts_are_named),
		T(a_ca_of_the_same_name_is_another_ca),
		T(chains_go_over_intermediates),
		T(a_chain_of_fifty_is_malformed),
		T(names_with_nul_or_controls_are_malformed),
		T(two_name_extensions_are_malformed),
		T(more_names_than_we_look_at_are_malformed),
		T(the_use_must_be_server_or_client),
		T(weak_keys_are_not_trusted),
		T(name_constraints_hold_for_every_form_of_name),
		T(a_pin_is_enough_and_it_must_fit),
		T(revoked_certificates_prove_nothing),
		T(dane_ee_needs_neither_names_nor_dates),
		T(dane_ta_needs_chain_name_and_date),
		T(dane_ta_is_not_satisfied_by_a_foreign_anchor_in_the_chain),
		T(pkix_usages_need_the_chain_as_well),
		T(unknown_tlsa_records_are_ignored),
		T(names_for_people_are_cut_with_a_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
