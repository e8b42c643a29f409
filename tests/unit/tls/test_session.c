/* SPDX-License-Identifier: Apache-2.0
 * Sessions: handshakes in pieces, records of any size, refusals and their words. */
#include "fixture.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <unistd.h>

/* Two spokes' identities of one CA, and one store that trusts it. */
struct setting {
	struct made ca, saturn, mercury;
	struct tls_store *store;
};

static void setting_begin(void **state, struct setting *setting)
{
	setting->ca = made_new(&(struct spec){.cn = "Test CA", .is_ca = true}, NULL);
	setting->saturn = made_new(&(struct spec){.san = "DNS:saturn.example.org"}, &setting->ca);
	setting->mercury = made_new(&(struct spec){.san = "DNS:mercury.example.net"}, &setting->ca);
	assert_int_equal(mkdir(path_in(state, "certs"), 0700), 0);
	put_made(path_in(state, "certs/saturn.pem"), &setting->saturn, NULL, 0600);
	put_made(path_in(state, "certs/mercury.pem"), &setting->mercury, NULL, 0600);
	put_certs(path_in(state, "ca.pem"), (const struct made *const[]){&setting->ca, NULL});
	setting->store = store_simple(path_in(state, "certs"), path_in(state, "ca.pem"));
}

static void setting_end(struct setting *setting)
{
	made_free(&setting->ca);
	made_free(&setting->saturn);
	made_free(&setting->mercury);
	tls_store_free(&setting->store);
}

static const struct tls_session_options as_client = {
	.role = TLS_CLIENT,
	.domain = "saturn.example.org",
	.server_name = "mercury.example.net",
};
static const struct tls_session_options as_server = {.role = TLS_SERVER, .domain = "mercury.example.net"};

static void proves(struct tls_session *session, const char *domain)
{
	const struct tls_expectation expected = {.domain = domain};
	struct tls_judgement judgement;

	tls_session_judge(session, &expected, WALL_MS, &judgement);
	if (judgement.proof != TLS_PROOF_PKIX)
		fail_msg("%s: %s", domain, judgement.text);
}

static void check_handshake(void **state, int version, size_t piece, const char *name)
{
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &as_client, setting.store, &as_server);
	SSL_set_max_proto_version(pair.client->ssl, version);
	assert_true(pair_shake(&pair, piece));
	assert_string_equal(tls_session_version(pair.client), name);
	assert_string_equal(tls_session_version(pair.server), name);
	assert_true(tls_session_has_certificate(pair.client));
	assert_true(tls_session_has_certificate(pair.server));
	assert_true(str_is(tls_session_sni(pair.server), "mercury.example.net"));
	proves(pair.client, "mercury.example.net");
	proves(pair.server, "saturn.example.org");
	pair_close(&pair);
	setting_end(&setting);
}

static void both_prove_themselves_by_tls13(void **state)
{
	check_handshake(state, TLS1_3_VERSION, 0, "TLSv1.3");
}

static void both_prove_themselves_by_tls12(void **state)
{
	check_handshake(state, TLS1_2_VERSION, 0, "TLSv1.2");
}

static void single_bytes_are_enough_for_a_handshake(void **state)
{
	check_handshake(state, TLS1_3_VERSION, 1, "TLSv1.3");
}

static void single_bytes_are_enough_for_tls12(void **state)
{
	check_handshake(state, TLS1_2_VERSION, 1, "TLSv1.2");
}

/* A pair behind its handshake. */
static void pair_ready(void **state, struct setting *setting, struct pair *pair)
{
	setting_begin(state, setting);
	pair_open(pair, setting->store, &as_client, setting->store, &as_server);
	assert_true(pair_shake(pair, 0));
	buf_clear(&pair->to_client);
	buf_clear(&pair->to_server);
}

static void pattern_add(struct buf *buf, size_t len)
{
	assert_int_equal(buf_reserve(buf, len), 0);
	for (size_t i = 0; i < len; i++)
		buf_space(buf)[i] = (char)(i * 7 + i / 251);
	buf_grew(buf, len);
}

/* Sends `len` bytes from client to server, with ciphertext in pieces. */
static void check_transfer(struct pair *pair, size_t len, size_t piece)
{
	struct buf sent = {0}, got = {0}, none = {0};

	pattern_add(&sent, len);
	assert_int_equal(tls_encrypt(pair->client, buf_str(&sent), &pair->to_server), 0);
	for (struct str rest = buf_str(&pair->to_server); rest.len > 0; rest = str_from(rest, piece))
		assert_int_equal(tls_decrypt(pair->server, str_until(rest, piece), &got, &none), 0);
	assert_true(str_eq(buf_str(&sent), buf_str(&got)));
	assert_int_equal(buf_len(&none), 0);
	buf_clear(&pair->to_server);
	buf_fini(&sent);
	buf_fini(&got);
}

static void any_size_crosses_in_any_pieces(void **state)
{
	struct setting setting;
	struct pair pair;

	pair_ready(state, &setting, &pair);
	check_transfer(&pair, 1, 1);
	check_transfer(&pair, 100, 7);
	check_transfer(&pair, 16384, 1000);
	check_transfer(&pair, 16385, SIZE_MAX);
	check_transfer(&pair, 1000000, 33333);
	check_transfer(&pair, 1000000, SIZE_MAX);
	pair_close(&pair);
	setting_end(&setting);
}

static void records_are_full_where_there_is_enough(void **state)
{
	struct buf plain = {0};
	struct setting setting;
	struct pair pair;

	pair_ready(state, &setting, &pair);
	pattern_add(&plain, 4 * TLS_RECORD_BYTES);
	assert_int_equal(tls_encrypt(pair.client, buf_str(&plain), &pair.to_server), 0);
	assert_int_equal(buf_len(&pair.to_server), 4 * (TLS_RECORD_BYTES + 22)); /* header 5, type 1, tag 16: RFC 8446 §5.2 */
	buf_fini(&plain);
	pair_close(&pair);
	setting_end(&setting);
}

static void nothing_beyond_the_limit_is_added_and_nothing_lost(void **state)
{
	struct buf sent = {0}, got = {.limit = 1000}, none = {0}, all = {0};
	struct setting setting;
	struct pair pair;
	int err;

	pair_ready(state, &setting, &pair);
	pattern_add(&sent, 40000);
	assert_int_equal(tls_encrypt(pair.client, buf_str(&sent), &pair.to_server), 0);
	err = tls_decrypt(pair.server, buf_str(&pair.to_server), &got, &none);
	assert_int_equal(err, TRUNK_ELIMIT);
	while (err == TRUNK_ELIMIT) {
		assert_int_equal(buf_len(&got), 1000);
		assert_int_equal(tls_decrypt(pair.server, STR_NONE, &got, &none), TRUNK_ELIMIT);
		buf_add(&all, buf_str(&got));
		buf_clear(&got);
		err = tls_decrypt(pair.server, STR_NONE, &got, &none);
	}
	assert_int_equal(err, 0);
	buf_add(&all, buf_str(&got));
	assert_true(str_eq(buf_str(&all), buf_str(&sent)));
	buf_fini(&sent);
	buf_fini(&got);
	buf_fini(&all);
	pair_close(&pair);
	setting_end(&setting);
}

static void a_full_output_buffer_leaves_the_session_whole(void **state)
{
	struct buf small = {.limit = 2000};
	struct setting setting;
	struct pair pair;

	pair_ready(state, &setting, &pair);
	assert_int_equal(tls_encrypt(pair.client, str_make(as_server.domain, 10), &small), 0);
	while (tls_encrypt(pair.client, str_make(as_server.domain, 10), &small) == 0)
		continue;
	assert_int_equal(tls_encrypt(pair.client, str_make(as_server.domain, 10), &small), TRUNK_ELIMIT);
	buf_add(&pair.to_server, buf_str(&small));
	buf_fini(&small);
	{
		struct buf got = {0}, none = {0};

		assert_int_equal(tls_encrypt(pair.client, STR("end"), &pair.to_server), 0);
		assert_int_equal(tls_decrypt(pair.server, buf_str(&pair.to_server), &got, &none), 0);
		assert_true(str_ends(buf_str(&got), STR("end")));
		buf_fini(&got);
	}
	pair_close(&pair);
	setting_end(&setting);
}

/* The client's first data may come with its Finished in one read. */
static void data_behind_the_handshake_waits_for_decrypt(void **state)
{
	struct buf got = {0}, none = {0};
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &as_client, setting.store, &as_server);
	assert_int_equal(tls_handshake(pair.client, STR_NONE, &pair.to_server), 0);
	assert_int_equal(tls_handshake(pair.server, buf_str(&pair.to_server), &pair.to_client), 0);
	buf_clear(&pair.to_server);
	assert_int_equal(tls_handshake(pair.client, buf_str(&pair.to_client), &pair.to_server), 1);
	assert_int_equal(tls_encrypt(pair.client, STR("<stream>"), &pair.to_server), 0);
	assert_int_equal(tls_handshake(pair.server, buf_str(&pair.to_server), &pair.to_client), 1);
	assert_int_equal(tls_decrypt(pair.server, STR_NONE, &got, &none), 0);
	assert_true(str_is(buf_str(&got), "<stream>"));
	buf_fini(&got);
	pair_close(&pair);
	setting_end(&setting);
}

static void close_notify_comes_behind_the_data(void **state)
{
	struct buf got = {0}, none = {0};
	struct setting setting;
	struct pair pair;

	pair_ready(state, &setting, &pair);
	assert_int_equal(tls_encrypt(pair.server, STR("</stream>"), &pair.to_client), 0);
	tls_close(pair.server, &pair.to_client);
	assert_int_equal(tls_decrypt(pair.client, buf_str(&pair.to_client), &got, &none), TRUNK_ECLOSED);
	assert_true(str_is(buf_str(&got), "</stream>"));
	assert_int_equal(tls_decrypt(pair.client, STR_NONE, &got, &none), TRUNK_ECLOSED);
	assert_int_equal(tls_decrypt(pair.client, STR("anything"), &got, &none), TRUNK_ECLOSED);
	assert_int_equal(buf_len(&got), 9);
	buf_fini(&got);
	buf_fini(&none);
	pair_close(&pair);
	setting_end(&setting);
}

static void a_changed_byte_ends_the_session(void **state)
{
	struct buf got = {0}, out = {0};
	struct setting setting;
	struct pair pair;

	pair_ready(state, &setting, &pair);
	assert_int_equal(tls_encrypt(pair.client, STR("stanza"), &pair.to_server), 0);
	buf_space(&pair.to_server)[-1] ^= 1;
	assert_int_equal(tls_decrypt(pair.server, buf_str(&pair.to_server), &got, &out), TRUNK_ETLS);
	assert_int_equal(buf_len(&got), 0);
	assert_true(buf_len(&out) > 0); /* the alert */
	assert_int_equal(tls_decrypt(pair.server, STR_NONE, &got, &out), TRUNK_ETLS);
	assert_int_equal(tls_encrypt(pair.server, STR("more"), &out), TRUNK_ETLS);
	buf_fini(&got);
	buf_fini(&out);
	pair_close(&pair);
	setting_end(&setting);
}

static void nothing_is_decrypted_before_the_handshake_is_done(void **state)
{
	struct buf got = {0}, out = {0};
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &as_client, setting.store, &as_server);
	assert_int_equal(tls_decrypt(pair.server, STR("x"), &got, &out), TRUNK_ETLS);
	assert_int_equal(tls_encrypt(pair.client, STR("x"), &out), TRUNK_ETLS);
	assert_false(tls_session_has_certificate(pair.client));
	pair_close(&pair);
	setting_end(&setting);
}

/* design.md §3: refused, logged with the peer's offer. */
static void old_versions_are_refused_with_the_offer_in_words(void **state)
{
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &(struct tls_session_options){.role = TLS_CLIENT, .min_version = TLS_VERSION_1_0},
		  setting.store, &as_server);
	SSL_set_max_proto_version(pair.client->ssl, TLS1_1_VERSION);
	assert_false(pair_shake(&pair, 0));
	assert_int_equal(pair.server_result, TRUNK_ETLS);
	assert_non_null(strstr(tls_session_error(pair.server), "TLSv1.2 at least is needed here; the peer offered TLSv1.1"));
	assert_non_null(strstr(tls_session_error(pair.client), "no TLS version in common"));
	pair_close(&pair);
	setting_end(&setting);
}

static void old_versions_are_taken_by_explicit_words_alone(void **state)
{
	const struct tls_session_options server = {
		.role = TLS_SERVER, .domain = "mercury.example.net", .min_version = TLS_VERSION_1_0};
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &(struct tls_session_options){.role = TLS_CLIENT, .min_version = TLS_VERSION_1_0},
		  setting.store, &server);
	SSL_set_max_proto_version(pair.client->ssl, TLS1_VERSION);
	assert_true(pair_shake(&pair, 0));
	assert_string_equal(tls_session_version(pair.server), "TLSv1");
	assert_non_null(strstr(tls_session_cipher(pair.server), "ECDHE"));
	check_transfer(&pair, 50000, 999);
	pair_close(&pair);
	setting_end(&setting);
}

static void tls12_is_refused_where_tls13_is_demanded(void **state)
{
	const struct tls_session_options server = {
		.role = TLS_SERVER, .domain = "mercury.example.net", .min_version = TLS_VERSION_1_3};
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &as_client, setting.store, &server);
	SSL_set_max_proto_version(pair.client->ssl, TLS1_2_VERSION);
	assert_false(pair_shake(&pair, 0));
	assert_non_null(strstr(tls_session_error(pair.server), "TLSv1.3 at least is needed here; the peer offered TLSv1.2"));
	pair_close(&pair);
	setting_end(&setting);
}

static void no_forward_secrecy_is_refused(void **state)
{
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &as_client, setting.store, &as_server);
	SSL_set_max_proto_version(pair.client->ssl, TLS1_2_VERSION);
	SSL_set_cipher_list(pair.client->ssl, "AES128-GCM-SHA256:AES256-SHA");
	assert_false(pair_shake(&pair, 0));
	assert_non_null(strstr(tls_session_error(pair.server), "none with forward secrecy"));
	pair_close(&pair);
	setting_end(&setting);
}

static void groups_without_one_in_common_are_refused(void **state)
{
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &as_client, setting.store, &as_server);
	SSL_set1_groups_list(pair.client->ssl, "P-521");
	assert_false(pair_shake(&pair, 0));
	assert_non_null(strstr(tls_session_error(pair.server), "none of the groups X25519, P-256, P-384"));
	pair_close(&pair);
	setting_end(&setting);
}

static void what_is_not_tls_is_said_so(void **state)
{
	struct setting setting;
	struct buf out = {0};
	struct tls_session *session;

	setting_begin(state, &setting);
	session = tls_session_new(setting.store, &as_server, WALL_MS);
	assert_int_equal(tls_handshake(session, STR("<stream:stream xmlns='jabber:server'>"), &out), TRUNK_ETLS);
	assert_string_equal(tls_session_error(session), "what the peer sent is not TLS");
	tls_session_free(&session);
	buf_fini(&out);
	setting_end(&setting);
}

static void a_close_within_the_handshake_is_a_failure(void **state)
{
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &as_client, setting.store, &as_server);
	assert_int_equal(tls_handshake(pair.client, STR_NONE, &pair.to_server), 0);
	assert_int_equal(tls_handshake(pair.client, STR("\x15\x03\x03\x00\x02\x01\x00"), &pair.to_server), TRUNK_ETLS);
	assert_string_equal(tls_session_error(pair.client), "the peer closed within the handshake");
	assert_int_equal(tls_handshake(pair.client, STR_NONE, &pair.to_server), TRUNK_ETLS);
	pair_close(&pair);
	setting_end(&setting);
}

/* XEP-0368 §3: the client offers ALPN on direct TLS; a server is lenient where none comes. */
static void alpn_is_agreed_on_direct_tls(void **state)
{
	struct tls_session_options client = as_client, server = as_server;
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	client.is_direct = server.is_direct = true;
	pair_open(&pair, setting.store, &client, setting.store, &server);
	assert_true(pair_shake(&pair, 0));
	assert_string_equal(tls_session_alpn(pair.client), "xmpp-server");
	assert_string_equal(tls_session_alpn(pair.server), "xmpp-server");
	pair_close(&pair);

	client.is_direct = false;
	pair_open(&pair, setting.store, &client, setting.store, &server);
	assert_true(pair_shake(&pair, 0));
	assert_string_equal(tls_session_alpn(pair.server), "");
	pair_close(&pair);
	setting_end(&setting);
}

static void alpn_of_another_protocol_is_refused_on_direct_tls(void **state)
{
	struct tls_session_options server = as_server;
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	server.is_direct = true;
	pair_open(&pair, setting.store, &as_client, setting.store, &server);
	SSL_set_alpn_protos(pair.client->ssl, (const unsigned char *)"\x0bxmpp-client", 12);
	assert_false(pair_shake(&pair, 0));
	assert_non_null(strstr(tls_session_error(pair.client), "no application protocol"));
	pair_close(&pair);

	server.is_direct = false;
	pair_open(&pair, setting.store, &as_client, setting.store, &server);
	SSL_set_alpn_protos(pair.client->ssl, (const unsigned char *)"\x0bxmpp-client", 12);
	assert_true(pair_shake(&pair, 0));
	pair_close(&pair);
	setting_end(&setting);
}

/* Serves what is asked for below example.net, and mercury where nothing is. */
static int choose(void *ctx, struct str sni, char *ret_domain, size_t size_bytes)
{
	const struct str chosen = str_is_absent(sni) ? STR("mercury.example.net") : sni;

	++*(int *)ctx;
	if (!str_ends(chosen, STR(".example.net")) || chosen.len >= size_bytes)
		return TRUNK_ENOENT;
	memcpy(ret_domain, chosen.at, chosen.len);
	ret_domain[chosen.len] = '\0';
	return 0;
}

static void check_sni(struct setting *setting, const char *asked, const char *shown)
{
	int calls = 0;
	const struct tls_session_options server = {
		.role = TLS_SERVER, .domain = "saturn.example.org", .sni = choose, .ctx = &calls};
	struct tls_session_options client = {.role = TLS_CLIENT, .domain = "saturn.example.org", .server_name = asked};
	char names[200];
	struct pair pair;
	int64_t end_ms;

	pair_open(&pair, setting->store, &client, setting->store, &server);
	assert_int_equal(pair_shake(&pair, 0), shown != NULL);
	assert_int_equal(calls, 1);
	if (shown) {
		tls_session_peer_names(pair.client, names, sizeof(names), &end_ms);
		assert_string_equal(names, shown);
	} else {
		assert_non_null(strstr(tls_session_error(pair.client), "unrecognized name"));
	}
	pair_close(&pair);
}

static void the_identity_is_chosen_by_sni(void **state)
{
	struct setting setting;

	setting_begin(state, &setting);
	check_sni(&setting, "MERCURY.example.net", "dns:mercury.example.net");
	check_sni(&setting, NULL, "dns:mercury.example.net");
	check_sni(&setting, "venus.example.net", "dns:venus.example.net");
	check_sni(&setting, "mercury.example.com", NULL);
	setting_end(&setting);
}

static void sni_that_is_no_host_name_is_refused(void **state)
{
	struct setting setting;
	int calls = 0;
	const struct tls_session_options server = {.role = TLS_SERVER, .sni = choose, .ctx = &calls};
	const struct tls_session_options client = {.role = TLS_CLIENT, .server_name = "a@b/c d"};
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &client, setting.store, &server);
	assert_false(pair_shake(&pair, 0));
	assert_int_equal(calls, 0);
	pair_close(&pair);
	setting_end(&setting);
}

static void a_client_may_show_nothing(void **state)
{
	const struct tls_expectation expected = {.domain = "saturn.example.org"};
	struct tls_judgement judgement;
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &(struct tls_session_options){.role = TLS_CLIENT}, setting.store, &as_server);
	assert_true(pair_shake(&pair, 0));
	assert_false(tls_session_has_certificate(pair.server));
	tls_session_judge(pair.server, &expected, WALL_MS, &judgement);
	assert_int_equal(judgement.proof, TLS_PROOF_NONE);
	assert_int_equal(judgement.doubt, TLS_DOUBT_NO_CERTIFICATE);
	pair_close(&pair);
	setting_end(&setting);
}

/* A certificate of 1 MiB, by names without end. */
static void a_certificate_of_a_mebibyte_is_refused(void **state)
{
	struct buf names = {0};
	struct setting setting;
	struct made huge;
	struct pair pair;

	setting_begin(state, &setting);
	for (size_t i = 0; buf_len(&names) < 1200000; i++)
		buf_addf(&names, "%sDNS:name-%zu.of-a-certificate-that-is-far-too-large.example.org", i ? "," : "", i);
	buf_add(&names, str_make("", 1));
	huge = made_new(&(struct spec){.san = buf_str(&names).at}, &setting.ca);
	pair_open(&pair, setting.store, &as_client, setting.store, &as_server);
	assert_int_equal(SSL_use_cert_and_key(pair.client->ssl, huge.cert, huge.key, NULL, 1), 1);
	assert_false(pair_shake(&pair, 0));
	assert_int_equal(pair.server_result, TRUNK_ETLS);
	assert_non_null(strstr(tls_session_error(pair.server), "too large"));
	pair_close(&pair);
	buf_fini(&names);
	made_free(&huge);
	setting_end(&setting);
}

static void an_ocsp_response_beside_the_chain_is_stapled(void **state)
{
	const unsigned char *response;
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	put_text(path_in(state, "certs/mercury.ocsp"), STR("response"), 0644);
	tls_store_free(&setting.store);
	setting.store = store_simple(path_in(state, "certs"), path_in(state, "ca.pem"));
	pair_open(&pair, setting.store, &as_client, setting.store, &as_server);
	SSL_set_tlsext_status_type(pair.client->ssl, TLSEXT_STATUSTYPE_ocsp);
	assert_true(pair_shake(&pair, 0));
	assert_int_equal(SSL_get_tlsext_status_ocsp_resp(pair.client->ssl, &response), 8);
	assert_memory_equal(response, "response", 8);
	pair_close(&pair);
	setting_end(&setting);
}

static void sessions_are_not_resumed(void **state)
{
	struct setting setting;
	struct pair pair;
	SSL_SESSION *ticket;

	pair_ready(state, &setting, &pair);
	ticket = SSL_get1_session(pair.client->ssl);
	assert_false(SSL_SESSION_is_resumable(ticket));
	SSL_SESSION_free(ticket);
	pair_close(&pair);
	setting_end(&setting);
}

/* The peer's wish is answered with a warning, and the session goes on as it was (RFC 5246 §7.2.2). */
static void renegotiation_is_refused(void **state)
{
	struct buf got = {0}, out = {0};
	struct setting setting;
	struct pair pair;

	setting_begin(state, &setting);
	pair_open(&pair, setting.store, &as_client, setting.store, &as_server);
	SSL_set_max_proto_version(pair.client->ssl, TLS1_2_VERSION);
	SSL_clear_options(pair.client->ssl, SSL_OP_NO_RENEGOTIATION);
	assert_true(pair_shake(&pair, 0));
	buf_clear(&pair.to_server);
	assert_int_equal(SSL_renegotiate(pair.client->ssl), 1);
	pair.client->wire.out = &pair.to_server;
	assert_int_equal(SSL_do_handshake(pair.client->ssl), -1);
	assert_true(buf_len(&pair.to_server) > 0);
	assert_int_equal(tls_decrypt(pair.server, buf_str(&pair.to_server), &got, &out), 0);
	assert_true(buf_len(&out) > 0 && buf_len(&out) < 64); /* an alert, no ServerHello */
	buf_fini(&got);
	buf_fini(&out);
	ERR_clear_error();
	pair_close(&pair);
	setting_end(&setting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
		T(both_prove_themselves_by_tls13),
		T(both_prove_themselves_by_tls12),
		T(single_bytes_are_enough_for_a_handshake),
		T(single_bytes_are_enough_for_tls12),
		T(any_size_crosses_in_any_pieces),
		T(records_are_full_where_there_is_enough),
		T(nothing_beyond_the_limit_is_added_and_nothing_lost),
		T(a_full_output_buffer_leaves_the_session_whole),
		T(data_behind_the_handshake_waits_for_decrypt),
		T(close_notify_comes_behind_the_data),
		T(a_changed_byte_ends_the_session),
		T(nothing_is_decrypted_before_the_handshake_is_done),
		T(old_versions_are_refused_with_the_offer_in_words),
		T(old_versions_are_taken_by_explicit_words_alone),
		T(tls12_is_refused_where_tls13_is_demanded),
		T(no_forward_secrecy_is_refused),
		T(groups_without_one_in_common_are_refused),
		T(what_is_not_tls_is_said_so),
		T(a_close_within_the_handshake_is_a_failure),
		T(alpn_is_agreed_on_direct_tls),
		T(alpn_of_another_protocol_is_refused_on_direct_tls),
		T(the_identity_is_chosen_by_sni),
		T(sni_that_is_no_host_name_is_refused),
		T(a_client_may_show_nothing),
		T(a_certificate_of_a_mebibyte_is_refused),
		T(an_ocsp_response_beside_the_chain_is_stapled),
		T(sessions_are_not_resumed),
		T(renegotiation_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
