/* SPDX-License-Identifier: Apache-2.0
 * A session: handshake and records between the caller's buffers. */
#include "tls/session.h"

#include <openssl/err.h>

#include <stdlib.h>

enum {
	READ_BYTES_MIN = 512,
	RECORD_OVERHEAD = 384, /* header, nonce, tag; CBC of TLS 1.0 pads up to 255 and sends an empty record first */
	ANSWER_BYTES = 512,    /* a key update that was asked for goes out with the next data */
	HELD_BYTES_MAX = 1024 * 1024,
};

static int proto_of(enum tls_version version)
{
	static const int versions[] = {
		[TLS_VERSION_1_0] = TLS1_VERSION,
		[TLS_VERSION_1_1] = TLS1_1_VERSION,
		[TLS_VERSION_1_2] = TLS1_2_VERSION,
		[TLS_VERSION_1_3] = TLS1_3_VERSION,
	};

	return versions[version];
}

static bool set_version(struct tls_session *session)
{
	if (session->min_version == TLS_VERSION_1_2)
		return true; /* what the context says */
	if (SSL_set_min_proto_version(session->ssl, proto_of(session->min_version)) != 1)
		return false;
	if (session->min_version > TLS_VERSION_1_2)
		return true;
	SSL_set_security_level(session->ssl, 0); /* the old versions sign with SHA-1 */
	return SSL_set_cipher_list(session->ssl, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES@SECLEVEL=0") == 1;
}

static bool set_wire(struct tls_session *session)
{
	BIO *bio = BIO_new(session->store->wire);

	if (!bio)
		return false;
	BIO_set_data(bio, &session->wire);
	BIO_set_init(bio, 1);
	SSL_set_bio(session->ssl, bio, bio);
	return true;
}

static bool set_client(struct tls_session *session, const struct tls_session_options *options)
{
	static const unsigned char alpn[] = "\x0bxmpp-server";

	SSL_set_connect_state(session->ssl);
	if (options->server_name && SSL_set_tlsext_host_name(session->ssl, options->server_name) != 1)
		return false;
	if (options->is_direct && SSL_set_alpn_protos(session->ssl, alpn, sizeof(alpn) - 1) != 0)
		return false;
	return !options->domain || session_show(session, options->domain) == 0;
}

static bool set_server(struct tls_session *session, const struct tls_session_options *options)
{
	SSL_set_accept_state(session->ssl);
	/* With an SNI callback the identity is chosen within the handshake, also where no name comes. */
	return session->sni_fn || session_show(session, options->domain ? options->domain : "trunkd") == 0;
}

static bool session_set(struct tls_session *session, const struct tls_session_options *options)
{
	if (!(session->ssl = SSL_new(session->store->ctx)) || SSL_set_app_data(session->ssl, session) != 1)
		return false;
	if (!set_version(session) || !set_wire(session))
		return false;
	return options->role == TLS_CLIENT ? set_client(session, options) : set_server(session, options);
}

struct tls_session *tls_session_new(struct tls_store *store, const struct tls_session_options *options, int64_t wall_ms)
{
	struct tls_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->store = tls_store_ref(store);
	session->role = options->role;
	session->is_direct = options->is_direct;
	session->min_version = options->min_version ? options->min_version : TLS_VERSION_1_2;
	session->wall_ms = wall_ms;
	session->sni_fn = options->role == TLS_SERVER ? options->sni : NULL;
	session->ctx = options->ctx;
	session->wire.held.limit = HELD_BYTES_MAX;
	if (!session_set(session, options))
		tls_session_free(&session);
	ERR_clear_error();
	return session;
}

void tls_session_free(struct tls_session **session)
{
	struct tls_session *it = *session;

	if (!it)
		return;
	*session = NULL;
	SSL_free(it->ssl);
	peer_fini(&it->peer);
	identity_free(&it->identity);
	tls_store_free(&it->judge);
	tls_store_free(&it->store);
	buf_fini(&it->wire.held);
	free(it->sni);
	free(it->error);
	free(it);
}

int session_show(struct tls_session *session, const char *domain)
{
	struct identity *identity;
	int err;

	if ((err = store_identity(session->store, domain, session->wall_ms, &identity)) < 0)
		return err;
	identity_free(&session->identity);
	session->identity = identity;
	return SSL_use_cert_and_key(session->ssl, identity->cert, identity->key, identity->chain, 1) == 1 ? 0 : TRUNK_ECRYPTO;
}

/* ---- one call: its buffers come in, what it did not read is held ---- */

static void call_begin(struct tls_session *session, struct str in, struct buf *out)
{
	session->wire.in = in;
	session->wire.out = out;
	session->wire.err = 0;
	ERR_clear_error();
}

static int call_end(struct tls_session *session, int result)
{
	struct wire *wire = &session->wire;

	if (session->is_failed || result == TRUNK_ECLOSED)
		buf_clear(&wire->held); /* nobody will read on */
	else if (wire->in.len > 0 && buf_add(&wire->held, wire->in) < 0) {
		session->is_failed = true; /* a gap in the ciphertext can't be read over */
		result = TRUNK_ELIMIT;
	}
	buf_trim(&wire->held, 0);
	wire->in = STR_NONE;
	wire->out = NULL;
	return result;
}

static int fail(struct tls_session *session)
{
	session_explain(session);
	session->is_failed = true;
	return session->wire.err < 0 ? session->wire.err : TRUNK_ETLS;
}

/* What a result of the library other than success means: 0 where more must come. */
static int result_of(struct tls_session *session, int result)
{
	switch (SSL_get_error(session->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return session->is_done ? TRUNK_ECLOSED : fail(session);
	default:
		return fail(session);
	}
}

int tls_handshake(struct tls_session *session, struct str in, struct buf *out)
{
	int result;

	if (session->is_failed)
		return TRUNK_ETLS;
	call_begin(session, in, out);
	if (session->is_done)
		return call_end(session, 1);
	if ((result = SSL_do_handshake(session->ssl)) == 1) {
		session->is_done = true;
		return call_end(session, 1);
	}
	return call_end(session, result_of(session, result));
}

static size_t ciphertext_len(const struct tls_session *session)
{
	return buf_len(&session->wire.held) + session->wire.in.len;
}

/* Room for the next read: about what the waiting ciphertext can hold, so that an idle stream's buffer stays small. */
static size_t room_for(const struct tls_session *session, const struct buf *plain)
{
	size_t room = ciphertext_len(session) + (size_t)SSL_pending(session->ssl);

	room = room < READ_BYTES_MIN ? READ_BYTES_MIN : room > TLS_RECORD_BYTES ? TLS_RECORD_BYTES : room;
	if (plain->limit && buf_len(plain) >= plain->limit)
		return 0;
	return plain->limit && room > plain->limit - buf_len(plain) ? plain->limit - buf_len(plain) : room;
}

/* The buffer is full: is there plaintext that has no room? */
static int peek(struct tls_session *session)
{
	size_t got;
	char byte;
	const int result = SSL_peek_ex(session->ssl, &byte, 1, &got);

	return result == 1 ? TRUNK_ELIMIT : result_of(session, result);
}

static int decrypt_all(struct tls_session *session, struct buf *plain)
{
	while (ciphertext_len(session) > 0 || SSL_pending(session->ssl) > 0) {
		const size_t room = room_for(session, plain);
		size_t got;
		int result;

		if (room == 0)
			return peek(session);
		if ((result = buf_reserve(plain, room)) < 0)
			return result;
		if ((result = SSL_read_ex(session->ssl, buf_space(plain), room, &got)) != 1)
			return result_of(session, result);
		buf_grew(plain, got);
	}
	return SSL_get_shutdown(session->ssl) & SSL_RECEIVED_SHUTDOWN ? TRUNK_ECLOSED : 0;
}

int tls_decrypt(struct tls_session *session, struct str in, struct buf *plain, struct buf *out)
{
	if (session->is_failed || !session->is_done)
		return TRUNK_ETLS;
	call_begin(session, in, out);
	return call_end(session, decrypt_all(session, plain));
}

int tls_encrypt(struct tls_session *session, struct str plain, struct buf *out)
{
	size_t put;
	int err;

	if (session->is_failed || !session->is_done)
		return TRUNK_ETLS;
	if (plain.len == 0)
		return 0;
	/* All or nothing: a record that is half in the buffer would end the session. */
	if ((err = buf_reserve(out, plain.len + (plain.len / TLS_RECORD_BYTES + 1) * RECORD_OVERHEAD + ANSWER_BYTES)) < 0)
		return err;
	call_begin(session, STR_NONE, out);
	if (SSL_write_ex(session->ssl, plain.at, plain.len, &put) != 1)
		return call_end(session, fail(session));
	return call_end(session, 0);
}

void tls_close(struct tls_session *session, struct buf *out)
{
	if (session->is_failed || !session->is_done)
		return;
	call_begin(session, STR_NONE, out);
	SSL_shutdown(session->ssl);
	call_end(session, 0);
	ERR_clear_error();
}

/* ---- what came of the handshake ---- */

void tls_session_judge_by(struct tls_session *session, struct tls_store *store)
{
	struct peer *peer = &session->peer;

	if ((session->judge ? session->judge : session->store) == store)
		return;
	tls_store_free(&session->judge);
	session->judge = tls_store_ref(store);
	sk_X509_pop_free(peer->path, X509_free);
	free(peer->text);
	peer->path = NULL;
	peer->text = NULL;
	peer->doubt = 0;
	peer->is_verified = false;
}

enum tls_version tls_session_protocol(const struct tls_session *session)
{
	switch (SSL_version(session->ssl)) {
	case TLS1_VERSION: return TLS_VERSION_1_0;
	case TLS1_1_VERSION: return TLS_VERSION_1_1;
	case TLS1_2_VERSION: return TLS_VERSION_1_2;
	default: return TLS_VERSION_1_3;
	}
}

const char *tls_session_version(const struct tls_session *session)
{
	return SSL_get_version(session->ssl);
}

const char *tls_session_cipher(const struct tls_session *session)
{
	return SSL_get_cipher_name(session->ssl);
}

const char *tls_session_alpn(const struct tls_session *session)
{
	const unsigned char *at;
	unsigned int len;

	SSL_get0_alpn_selected(session->ssl, &at, &len);
	return len ? "xmpp-server" : ""; /* the only one that is offered or taken */
}

struct str tls_session_sni(const struct tls_session *session)
{
	return str_of(session->sni);
}

bool tls_session_has_certificate(const struct tls_session *session)
{
	return session_leaf(session) != NULL;
}

X509 *session_leaf(const struct tls_session *session)
{
	return session->is_done ? SSL_get0_peer_certificate(session->ssl) : NULL;
}

STACK_OF(X509) *session_chain(const struct tls_session *session)
{
	return SSL_get_peer_cert_chain(session->ssl);
}
