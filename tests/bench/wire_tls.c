/* SPDX-License-Identifier: Apache-2.0
 * TLS over buffers: many records per system call, both ways. */
#include "wire_tls.h"

#include "cert.h"
#include "die.h"

#include <openssl/err.h>

enum { RECORD_SIZE = 16 * 1024 };

static int bio_write(BIO *bio, const char *data, size_t len, size_t *written)
{
	struct wire *wire = BIO_get_data(bio);

	must(buf_add(&wire->out, str_make(data, len)));
	*written = len;
	return 1;
}

static int bio_read(BIO *bio, char *data, size_t len, size_t *read_len)
{
	struct wire *wire = BIO_get_data(bio);
	const struct str sealed = str_until(buf_str(&wire->sealed), len);

	BIO_clear_retry_flags(bio);
	if (sealed.len == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(data, sealed.at, sealed.len);
	buf_drop(&wire->sealed, sealed.len);
	*read_len = sealed.len;
	return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
	(void)bio;
	(void)number;
	(void)ptr;
	return command == BIO_CTRL_FLUSH;
}

static const BIO_METHOD *bio_method(void)
{
	static BIO_METHOD *method;      /* the driver has one thread */

	if (method)
		return method;
	method = must_ptr(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire"));
	BIO_meth_set_write_ex(method, bio_write);
	BIO_meth_set_read_ex(method, bio_read);
	BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

static int accept_every_peer(int is_ok, X509_STORE_CTX *store)
{
	(void)is_ok;
	(void)store;
	return 1;
}

SSL_CTX *tls_context(bool is_server, const struct tls_choice *choice)
{
	SSL_CTX *tls = must_ptr(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()));

	SSL_CTX_set_min_proto_version(tls, choice->version_min);
	SSL_CTX_set_max_proto_version(tls, choice->version_max);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, accept_every_peer);
	SSL_CTX_set_num_tickets(tls, 0);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(tls, 1);
	if (!choice->certificate)
		cert_make(tls, choice->names);
	else if (SSL_CTX_use_certificate_chain_file(tls, choice->certificate) != 1 ||
		 SSL_CTX_use_PrivateKey_file(tls, choice->certificate, SSL_FILETYPE_PEM) != 1)
		die("%s: cannot read certificate and key", choice->certificate);
	return tls;
}

void wire_secure(struct wire *wire, SSL_CTX *tls, const char *name)
{
	BIO *bio = must_ptr(BIO_new(bio_method()));

	BIO_set_data(bio, wire);
	BIO_set_init(bio, 1);
	wire->ssl = must_ptr(SSL_new(tls));
	SSL_set_bio(wire->ssl, bio, bio);
	if (name)
		SSL_set_tlsext_host_name(wire->ssl, name);
	if (wire->is_ours)
		SSL_set_connect_state(wire->ssl);
	else
		SSL_set_accept_state(wire->ssl);
	must(buf_add(&wire->sealed, buf_str(&wire->in)));
	buf_clear(&wire->in);
	if (wire->is_ours && !wire_open(wire))
		die("TLS handshake refused");
}

void wire_seal(struct wire *wire, struct str bytes)
{
	while (bytes.len) {
		const struct str record = str_until(bytes, RECORD_SIZE);
		size_t written = 0;

		if (SSL_write_ex(wire->ssl, record.at, record.len, &written) != 1)
			return;         /* broken: reading tells */
		bytes = str_from(bytes, written);
	}
}

/* Goes on with the handshake. Returns false where it failed. */
static bool wire_shake(struct wire *wire)
{
	const int done = SSL_do_handshake(wire->ssl);

	if (done != 1) {
		const bool is_waiting = SSL_get_error(wire->ssl, done) == SSL_ERROR_WANT_READ;

		ERR_clear_error();
		return is_waiting;
	}
	wire->is_shaken = true;
	wire->fn(wire, WIRE_SECURED, wire->ctx);
	return true;
}

bool wire_open(struct wire *wire)
{
	size_t len = 0, grown = 0;

	ERR_clear_error();
	if (!wire->is_shaken && !wire_shake(wire))
		return false;
	if (wire->fd < 0 || !wire->is_shaken)
		return true;
	do {
		must(buf_reserve(&wire->in, RECORD_SIZE));
		len = 0;
		if (SSL_read_ex(wire->ssl, buf_space(&wire->in), RECORD_SIZE, &len) == 1)
			buf_grew(&wire->in, len);
		grown += len;
	} while (len);
	if (grown) {
		wire->fn(wire, WIRE_DATA, wire->ctx);
	} else if (SSL_get_error(wire->ssl, 0) != SSL_ERROR_WANT_READ) {
		ERR_clear_error();
		return false;
	}
	return true;
}
