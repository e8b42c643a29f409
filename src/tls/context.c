/* SPDX-License-Identifier: Apache-2.0
 * What all sessions have in common: versions, ciphers, and the callbacks within the handshake. */
#include "tls/session.h"

#include "name/name.h"

#include <stdlib.h>

static const unsigned char alpn_xmpp[] = "\x0bxmpp-server"; /* XEP-0368 §3 */

static struct tls_session *session_of(SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* Whatever the peer shows is taken and kept; tls_session_judge() says what it proves. */
static int take_any(X509_STORE_CTX *ctx, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static int on_hello(SSL *ssl, int *alert, void *arg)
{
	(void)alert, (void)arg;
	hello_read(&session_of(ssl)->hello, ssl);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* A name that is no host name ends the handshake; an address literal has no place in SNI (RFC 6066 §3) and counts as none. */
static int sni_read(struct tls_session *session, const char *name)
{
	char ascii[DOMAIN_SIZE];
	struct domain domain;

	if (domain_normalise(str_of(name), &domain) < 0 || domain_to_ascii(domain_str(&domain), ascii, sizeof(ascii)) < 0)
		return TRUNK_EADDRESS;
	if (ascii[0] == '[' || strspn(ascii, "0123456789.") == strlen(ascii))
		return 0;
	free(session->sni);
	return (session->sni = str_dup(str_of(ascii))) ? 0 : TRUNK_ENOMEM;
}

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
	struct tls_session *session = session_of(ssl);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	char domain[DOMAIN_SIZE];

	(void)arg;
	if (session->role != TLS_SERVER)
		return SSL_TLSEXT_ERR_OK;
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	if (name && sni_read(session, name) < 0)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	if (!session->sni_fn)
		return name ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
	if (session->sni_fn(session->ctx, str_of(session->sni), domain, sizeof(domain)) < 0)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*alert = SSL_AD_INTERNAL_ERROR;
	if (session_show(session, domain) < 0)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return name ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* Behind STARTTLS the protocol is known, so ALPN says nothing there. */
static int on_alpn(SSL *ssl, const unsigned char **ret_at, unsigned char *ret_len, const unsigned char *offer, unsigned int len,
		   void *arg)
{
	unsigned char *chosen;

	(void)arg;
	if (!session_of(ssl)->is_direct)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_select_next_proto(&chosen, ret_len, alpn_xmpp, sizeof(alpn_xmpp) - 1, offer, len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*ret_at = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int on_status(SSL *ssl, void *arg)
{
	const struct tls_session *session = session_of(ssl);
	unsigned char *response;

	(void)arg;
	if (session->role != TLS_SERVER)
		return 1;
	if (!session->identity || !session->identity->ocsp)
		return SSL_TLSEXT_ERR_NOACK;
	if (!(response = OPENSSL_memdup(session->identity->ocsp, session->identity->ocsp_len)))
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, response, (long)session->identity->ocsp_len); /* takes it */
	return SSL_TLSEXT_ERR_OK;
}

static bool set_limits(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* The chain that the operator laid down is what we show; the library must not complete it from elsewhere. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_max_cert_list(ctx, TLS_CERTIFICATE_BYTES_MAX);
	return SSL_CTX_set_num_tickets(ctx, 0) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
	       SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 && SSL_CTX_set_max_proto_version(ctx, 0) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	       SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1;
}

SSL_CTX *context_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (!ctx || !set_limits(ctx)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, take_any, NULL);
	SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	SSL_CTX_set_tlsext_status_cb(ctx, on_status);
	return ctx;
}
