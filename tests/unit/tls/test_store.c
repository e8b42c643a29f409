/* SPDX-License-Identifier: Apache-2.0
 * The store: which identity shows a domain, and every file that is refused or warned about by name. */
#include "fixture.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void folder_make(void **state, const char *name)
{
	assert_int_equal(mkdir(path_in(state, name), 0700), 0);
}

/* Puts a certificate of `spec` with its key into certs/`name`. */
static void put_spec(void **state, const char *name, const struct spec *spec)
{
	struct made made = made_new(spec, NULL);

	put_made(path_in(state, name), &made, NULL, 0600);
	made_free(&made);
}

/* The store of folder certs/ alone. */
static struct tls_store *store_certs(void **state, struct report *report)
{
	const struct tls_store_options options = {
		.certificate_folders = (const char *const[]){path_in(state, "certs"), NULL},
		.trust = (const char *const[]){NULL},
	};

	return store_of(&options, report);
}

/* Name of the file that shows `domain`, without its folder. */
static const char *file_for(struct tls_store *store, const char *domain)
{
	struct tls_identity_info info;

	assert_int_equal(tls_store_identity(store, domain, WALL_MS, &info), 0);
	if (info.kind != TLS_IDENTITY_FILE)
		return "none";
	return strrchr(info.file, '/') + 1;
}

static void files_are_chosen_by_the_names_inside(void **state)
{
	struct tls_store *store;
	struct report report;

	folder_make(state, "certs");
	put_spec(state, "certs/a.pem", &(struct spec){.san = "DNS:a.example.org"});
	put_spec(state, "certs/wild.pem", &(struct spec){.san = "DNS:*.example.org"});
	put_spec(state, "certs/srv.pem",
		 &(struct spec){.san = "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server.srv.example"});
	put_spec(state, "certs/xmpp.pem", &(struct spec){.san = "otherName:1.3.6.1.5.5.7.8.5;UTF8:xmpp.example"});
	put_spec(state, "certs/cn.example.pem", &(struct spec){.cn = "cn.example", .san = "email:a@cn.example"});
	store = store_certs(state, &report);
	assert_non_null(store);
	assert_string_equal(file_for(store, "a.example.org"), "a.pem");
	assert_string_equal(file_for(store, "b.example.org"), "wild.pem");
	assert_string_equal(file_for(store, "srv.example"), "srv.pem");
	assert_string_equal(file_for(store, "xmpp.example"), "xmpp.pem");
	assert_string_equal(file_for(store, "cn.example"), "none");
	assert_string_equal(file_for(store, "x.a.example.org"), "none");
	assert_int_equal(report.warnings, 1);
	assert_non_null(strstr(report.text, "certs/cn.example.pem: its certificate names no domain"));
	tls_store_free(&store);
}

static void the_specific_then_the_longest_lived_wins(void **state)
{
	struct tls_store *store;
	struct report report;

	folder_make(state, "certs");
	put_spec(state, "certs/1-wild.pem", &(struct spec){.san = "DNS:*.example.org", .end_s = WALL_S + 900LL * DAY_S});
	put_spec(state, "certs/2-old.pem", &(struct spec){.san = "DNS:a.example.org", .end_s = WALL_S + 10 * DAY_S});
	put_spec(state, "certs/3-new.pem", &(struct spec){.san = "DNS:a.example.org", .end_s = WALL_S + 90 * DAY_S});
	put_spec(state, "certs/4-mid.pem", &(struct spec){.san = "DNS:a.example.org", .end_s = WALL_S + 50 * DAY_S});
	store = store_certs(state, &report);
	assert_non_null(store);
	assert_string_equal(file_for(store, "a.example.org"), "3-new.pem");
	tls_store_free(&store);
}

static void an_ended_one_is_a_warning_and_used_where_nothing_else_is(void **state)
{
	struct tls_store *store;
	struct report report;

	folder_make(state, "certs");
	put_spec(state, "certs/old.pem", &(struct spec){.san = "DNS:a.example.org", .end_s = WALL_S - DAY_S});
	store = store_certs(state, &report);
	assert_non_null(store);
	assert_int_equal(report.warnings, 1);
	assert_non_null(strstr(report.text, "certs/old.pem: our certificate ended 2026-09-20; renew it"));
	assert_string_equal(file_for(store, "a.example.org"), "old.pem");
	tls_store_free(&store);
	put_spec(state, "certs/wild.pem", &(struct spec){.san = "DNS:*.example.org"});
	store = store_certs(state, &report);
	assert_string_equal(file_for(store, "a.example.org"), "wild.pem");
	tls_store_free(&store);
}

static void a_key_is_found_beside_its_certificate(void **state)
{
	struct tls_store *store;
	struct report report;
	struct made made[3], ca;

	folder_make(state, "certs");
	ca = made_new(&(struct spec){.cn = "CA", .is_ca = true}, NULL);
	for (int i = 0; i < 3; i++)
		made[i] = made_new(
			&(struct spec){.san = ((const char *const[]){"DNS:0.example", "DNS:1.example", "DNS:2.example"})[i]},
			&ca);
	put_certs(path_in(state, "certs/0.crt"), (const struct made *const[]){&made[0], &ca, NULL});
	put_key(path_in(state, "certs/0.key"), &made[0], 0600);
	put_certs(path_in(state, "certs/1.pem"), (const struct made *const[]){&made[1], NULL});
	put_key(path_in(state, "certs/1.key"), &made[1], 0400);
	/* as certbot lays them out */
	put_certs(path_in(state, "certs/cert.pem"), (const struct made *const[]){&made[2], NULL});
	put_certs(path_in(state, "certs/chain.pem"), (const struct made *const[]){&ca, NULL});
	put_certs(path_in(state, "certs/fullchain.pem"), (const struct made *const[]){&made[2], &ca, NULL});
	put_key(path_in(state, "certs/privkey.pem"), &made[2], 0600);
	store = store_certs(state, &report);
	if (!store)
		fail_msg("%s", report.text);
	assert_string_equal(file_for(store, "0.example"), "0.crt");
	assert_string_equal(file_for(store, "1.example"), "1.pem");
	assert_string_equal(file_for(store, "2.example"), "fullchain.pem");
	tls_store_free(&store);
	for (int i = 0; i < 3; i++)
		made_free(&made[i]);
	made_free(&ca);
}

/* ---- refusals: each names the file ---- */

static void check_refused(void **state, const char *words)
{
	struct report report;

	assert_null(store_certs(state, &report));
	assert_true(report.fatal > 0);
	if (!strstr(report.text, words))
		fail_msg("%s", report.text);
}

static void keys_that_others_may_read_are_refused(void **state)
{
	static const mode_t bad[] = {0604, 0602, 0644, 0620, 0660, 0606, 0644};
	struct made made = made_new(&(struct spec){.san = "DNS:a.example"}, NULL);
	char words[100];
	struct tls_store *store;
	struct report report;

	folder_make(state, "certs");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_made(path_in(state, "certs/a.pem"), &made, NULL, bad[i]);
		snprintf(words, sizeof(words), "a.pem: its private key is open to others (mode %04o); chmod 600 /tmp/",
			 (unsigned)bad[i]);
		check_refused(state, words);
	}
	for (size_t i = 0; i < 2; i++) {
		put_made(path_in(state, "certs/a.pem"), &made, NULL, i ? 0400 : 0600);
		store = store_certs(state, &report);
		assert_non_null(store);
		tls_store_free(&store);
	}
	made_free(&made);
}

/* Debian's ssl-cert: root owns it and lets a group read. From anybody else that is refused. */
static void a_group_may_read_what_root_owns(void **state)
{
	struct made made = made_new(&(struct spec){.san = "DNS:a.example"}, NULL);
	struct tls_store *store;
	struct report report;

	folder_make(state, "certs");
	put_made(path_in(state, "certs/a.pem"), &made, NULL, 0640);
	store = store_certs(state, &report);
	assert_int_equal(store != NULL, geteuid() == 0);
	tls_store_free(&store);
	if (geteuid() == 0) {
		assert_int_equal(chown(path_in(state, "certs/a.pem"), 65534, 65534), 0);
		check_refused(state, "a.pem: its private key is open to others (mode 0640)");
	}
	made_free(&made);
}

static void a_key_of_another_certificate_is_refused(void **state)
{
	struct made a = made_new(&(struct spec){.san = "DNS:a.example"}, NULL),
		    b = made_new(&(struct spec){.san = "DNS:b.example"}, NULL);

	folder_make(state, "certs");
	put_certs(path_in(state, "certs/a.crt"), (const struct made *const[]){&a, NULL});
	put_key(path_in(state, "certs/a.key"), &b, 0600);
	check_refused(state, "a.crt: its private key (");
	check_refused(state, "is not that of its first certificate");
	unlink(path_in(state, "certs/a.key"));
	check_refused(state, "a.crt: no private key for it in this folder");
	made_free(&a);
	made_free(&b);
}

static void files_that_are_no_certificates_are_refused(void **state)
{
	struct made made = made_new(&(struct spec){.san = "DNS:a.example"}, NULL);
	struct buf content = {0};

	folder_make(state, "certs");
	put_text(path_in(state, "certs/a.pem"), STR("hello"), 0600);
	check_refused(state, "a.pem: holds neither a certificate nor a private key");
	put_text(path_in(state, "certs/a.pem"), STR(""), 0600);
	check_refused(state, "a.pem: holds neither a certificate nor a private key");
	pem_add_cert(&content, made.cert);
	put_text(path_in(state, "certs/a.pem"), str_until(buf_str(&content), 200), 0600);
	check_refused(state, "a.pem: its PEM can't be read");
	pem_add_key(&content, made.key);
	put_text(path_in(state, "certs/a.pem"), str_until(buf_str(&content), buf_len(&content) - 60), 0600);
	check_refused(state, "a.pem: its PEM can't be read");
	put_text(path_in(state, "certs/a.pem"), STR("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 0600);
	check_refused(state, "a.pem: its private key can't be read");
	buf_fini(&content);
	unlink(path_in(state, "certs/a.pem"));
	assert_int_equal(mkfifo(path_in(state, "certs/a.pem"), 0600), 0);
	check_refused(state, "a.pem: can't be read");
	made_free(&made);
}

static void a_key_with_a_passphrase_is_refused_without_asking(void **state)
{
	struct made made = made_new(&(struct spec){.san = "DNS:a.example"}, NULL);
	BIO *bio;

	folder_make(state, "certs");
	put_certs(path_in(state, "certs/a.crt"), (const struct made *const[]){&made, NULL});
	put_text(path_in(state, "certs/a.key"), STR(""), 0600);
	bio = BIO_new_file(path_in(state, "certs/a.key"), "w");
	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, made.key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL), 1);
	BIO_free(bio);
	check_refused(state, "a.key: its private key can't be read");
	check_refused(state, "without a passphrase");
	made_free(&made);
}

static void weak_keys_of_our_own_are_refused(void **state)
{
	folder_make(state, "certs");
	put_spec(state, "certs/weak.pem", &(struct spec){.san = "DNS:a.example", .rsa_bits = 1024});
	check_refused(state, "weak.pem: can't be used: ee key too small");
}

static void names_with_nul_in_our_own_are_refused(void **state)
{
	folder_make(state, "certs");
	put_spec(state, "certs/nul.pem", &(struct spec){.raw_dns = STR("a.example\0.org")});
	check_refused(state, "nul.pem: the names in its certificate can't be read");
}

static void missing_files_and_folders_are_refused(void **state)
{
	const struct tls_store_options options = {
		.trust = (const char *const[]){path_in(state, "no-ca.pem"), NULL},
		.crl_files = (const char *const[]){path_in(state, "no.crl"), NULL},
		.issuer_file = path_in(state, "no-issuer.pem"),
	};
	struct report report;

	check_refused(state, "certs: this folder of certificates can't be read: No such file or directory");
	assert_null(store_of(&options, &report));
	assert_int_equal(report.fatal, 3);
	assert_non_null(strstr(report.text, "no-ca.pem: can't be read: not found"));
	assert_non_null(strstr(report.text, "no.crl: can't be read: not found"));
	assert_non_null(strstr(report.text, "no-issuer.pem: can't be read: not found"));
	put_text(path_in(state, "no-ca.pem"), STR("-"), 0644);
	put_text(path_in(state, "no.crl"), STR("-"), 0644);
	put_text(path_in(state, "no-issuer.pem"), STR("-"), 0600);
	assert_null(store_of(&options, &report));
	assert_non_null(strstr(report.text, "no-ca.pem: no certificate in it"));
	assert_non_null(strstr(report.text, "no.crl: no revocation list (CRL) in it"));
	assert_non_null(strstr(report.text, "no-issuer.pem: must hold the CA's certificate and its private key"));
}

/* ---- self-signed ---- */

static struct tls_store *store_state(const char *state_folder, struct report *report)
{
	const struct tls_store_options options = {.state_folder = state_folder, .trust = (const char *const[]){NULL}};

	return store_of(&options, report);
}

/* Hash of the key that shows `domain` at `wall_ms`. */
static void key_of(struct tls_store *store, const char *domain, int64_t wall_ms, uint8_t ret_pin[static TLS_PIN_BYTES])
{
	struct identity *identity;
	unsigned char *der = NULL;
	int len;

	assert_int_equal(store_identity(store, domain, wall_ms, &identity), 0);
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(identity->cert), &der);
	assert_int_equal(tls_sha256(str_make((const char *)der, (size_t)len), ret_pin), 0);
	OPENSSL_free(der);
	identity_free(&identity);
}

static void self_signed_ones_stay_the_same_over_restarts(void **state)
{
	const char *file = path_in(state, "self-signed/a.example.pem");
	uint8_t first[TLS_PIN_BYTES], second[TLS_PIN_BYTES];
	struct tls_identity_info info;
	struct tls_store *store;
	struct report report;
	struct stat stat_of;

	store = store_state(path_in(state, ""), &report);
	assert_non_null(store);
	assert_int_equal(tls_store_identity(store, "a.example", WALL_MS, &info), 0);
	assert_int_equal(info.kind, TLS_IDENTITY_SELF_SIGNED);
	assert_null(info.file);
	assert_int_equal(info.not_after_ms, WALL_MS + 365LL * DAY_S * 1000);
	key_of(store, "a.example", WALL_MS, first);
	assert_int_equal(stat(file, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 07777, 0600);
	tls_store_free(&store);

	store = store_state(path_in(state, ""), &report);
	key_of(store, "a.example", WALL_MS + 300LL * DAY_S * 1000, second);
	assert_memory_equal(first, second, sizeof(first));
	key_of(store, "a.example", WALL_MS + 340LL * DAY_S * 1000, second); /* under 30 days are left: a new one */
	assert_memory_not_equal(first, second, sizeof(first));
	tls_store_free(&store);
}

static void a_damaged_self_signed_one_is_replaced(void **state)
{
	const char *file = path_in(state, "self-signed/a.example.pem");
	uint8_t first[TLS_PIN_BYTES], second[TLS_PIN_BYTES];
	struct tls_store *store;
	struct report report;

	store = store_state(path_in(state, ""), &report);
	key_of(store, "a.example", WALL_MS, first);
	tls_store_free(&store);
	put_text(file, STR("-----BEGIN CERTIFICATE-----\nnonsense"), 0600);
	store = store_state(path_in(state, ""), &report);
	key_of(store, "a.example", WALL_MS, second);
	tls_store_free(&store);
	assert_memory_not_equal(first, second, sizeof(first));
	store = store_state(path_in(state, ""), &report);
	key_of(store, "a.example", WALL_MS, first);
	assert_memory_equal(first, second, sizeof(first));
	tls_store_free(&store);
}

static void without_a_state_folder_they_live_in_memory(void **state)
{
	uint8_t first[TLS_PIN_BYTES], second[TLS_PIN_BYTES];
	struct tls_store *store;
	struct report report;

	store = store_state(path_in(state, "nowhere"), &report);
	assert_non_null(store);
	assert_int_equal(report.warnings, 1);
	assert_non_null(strstr(report.text, "nowhere: can't be written"));
	key_of(store, "a.example", WALL_MS, first);
	key_of(store, "a.example", WALL_MS, second);
	assert_memory_equal(first, second, sizeof(first));
	tls_store_free(&store);
}

static void domains_that_are_none_have_no_identity(void **state)
{
	static const char *const bad[] = {"",     "../../etc/passwd",       "a/b", "A.example",
					  "a..b", "m\xc3\xbcnchen.example", "a b", ".hidden"};
	struct tls_identity_info info;
	struct tls_store *store;
	struct report report;

	store = store_state(path_in(state, ""), &report);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tls_store_identity(store, bad[i], WALL_MS, &info), TRUNK_EADDRESS);
	tls_store_free(&store);
}

static void the_cache_is_bounded(void **state)
{
	struct tls_identity_info info;
	struct tls_store *store;
	struct report report;
	struct identity *shared;
	char domain[64];

	store = store_state(NULL, &report);
	assert_int_equal(store_identity(store, "shared.example", WALL_MS, &shared), 0);
	for (int i = 0; i < 10000; i++) {
		snprintf(domain, sizeof(domain), "%d.example", i);
		assert_int_equal(cache_put(store->cache, domain, shared, INT64_MAX), 0);
	}
	assert_int_equal(atomic_load(&shared->refs), 1 + 4096);
	assert_int_equal(tls_store_identity(store, "9999.example", WALL_MS, &info), 0);
	assert_int_equal(atomic_load(&shared->refs), 1 + 4096);
	assert_int_equal(tls_store_identity(store, "1.example", WALL_MS, &info), 0); /* went; is made anew */
	assert_int_equal(atomic_load(&shared->refs), 1 + 4095);
	identity_free(&shared);
	tls_store_free(&store);
	(void)state;
}

/* ---- change and end ---- */

static void changes_of_files_make_the_store_stale(void **state)
{
	const char *file = path_in(state, "certs/a.pem");
	struct timespec past[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct tls_store *store;
	struct report report;

	folder_make(state, "certs");
	put_spec(state, "certs/a.pem", &(struct spec){.san = "DNS:a.example"});
	store = store_certs(state, &report);
	assert_false(tls_store_is_stale(store));
	utimensat(AT_FDCWD, file, past, 0);
	assert_true(tls_store_is_stale(store));
	tls_store_free(&store);

	store = store_certs(state, &report);
	assert_false(tls_store_is_stale(store));
	put_text(path_in(state, "certs/a.ocsp"), STR("response"), 0644);
	assert_true(tls_store_is_stale(store));
	tls_store_free(&store);

	store = store_certs(state, &report);
	assert_false(tls_store_is_stale(store));
	unlink(file);
	assert_true(tls_store_is_stale(store));
	tls_store_free(&store);
}

struct ending {
	int count;
	char what[PATH_MAX];
	int64_t end_ms;
};

static void on_ending(void *ctx, const char *what, int64_t end_ms)
{
	struct ending *ending = ctx;

	ending->count++;
	ending->end_ms = end_ms;
	snprintf(ending->what, sizeof(ending->what), "%s", what);
}

static void certificates_that_end_soon_are_named(void **state)
{
	struct ending ending = {0};
	struct tls_store *store;
	struct report report;

	folder_make(state, "certs");
	put_spec(state, "certs/soon.pem", &(struct spec){.san = "DNS:a.example", .end_s = WALL_S + 5 * DAY_S});
	put_spec(state, "certs/late.pem", &(struct spec){.san = "DNS:b.example", .end_s = WALL_S + 50 * DAY_S});
	store = store_certs(state, &report);
	tls_store_expiring(store, WALL_MS, 14LL * DAY_S * 1000, on_ending, &ending);
	assert_int_equal(ending.count, 1);
	assert_true(str_ends(str_of(ending.what), STR("certs/soon.pem")));
	assert_int_equal(ending.end_ms, WALL_MS + 5LL * DAY_S * 1000);
	tls_store_free(&store);
}

static void sessions_keep_the_store_that_they_began_with(void **state)
{
	struct tls_session *session;
	struct tls_store *store;
	struct report report;

	store = store_state(NULL, &report);
	session = tls_session_new(store, &(struct tls_session_options){.role = TLS_SERVER}, WALL_MS);
	assert_non_null(session);
	tls_store_free(&store);
	assert_null(store);
	assert_string_equal(tls_session_error(session), "no error");
	tls_session_free(&session);
	(void)state;
}

/* ---- threads ---- */

static void *ask_often(void *ctx)
{
	struct tls_identity_info info;
	char domain[32];

	for (int i = 0; i < 300; i++) {
		snprintf(domain, sizeof(domain), "%d.example", i % 20);
		if (tls_store_identity(ctx, domain, WALL_MS, &info) < 0)
			return ctx;
	}
	return NULL;
}

static void threads_share_a_store(void **state)
{
	struct tls_store *store;
	struct report report;
	pthread_t threads[4];
	void *failed;

	store = store_state(path_in(state, ""), &report);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, store), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	tls_store_free(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
		T(files_are_chosen_by_the_names_inside),
		T(the_specific_then_the_longest_lived_wins),
		T(an_ended_one_is_a_warning_and_used_where_nothing_else_is),
		T(a_key_is_found_beside_its_certificate),
		T(keys_that_others_may_read_are_refused),
		T(a_group_may_read_what_root_owns),
		T(a_key_of_another_certificate_is_refused),
		T(files_that_are_no_certificates_are_refused),
		T(a_key_with_a_passphrase_is_refused_without_asking),
		T(weak_keys_of_our_own_are_refused),
		T(names_with_nul_in_our_own_are_refused),
		T(missing_files_and_folders_are_refused),
		T(self_signed_ones_stay_the_same_over_restarts),
		T(a_damaged_self_signed_one_is_replaced),
		T(without_a_state_folder_they_live_in_memory),
		T(domains_that_are_none_have_no_identity),
		T(the_cache_is_bounded),
		T(changes_of_files_make_the_store_stale),
		T(certificates_that_end_soon_are_named),
		T(sessions_keep_the_store_that_they_began_with),
		T(threads_share_a_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
