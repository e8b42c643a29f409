/* SPDX-License-Identifier: Apache-2.0
 * What the peer's certificate proves: pin, DANE, or PKIX with a name (RFC 5280, RFC 9525). */
#include "tls/session.h"

#include <openssl/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void doubt_set(struct tls_judgement *ret, enum tls_doubt doubt, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ret->proof = TLS_PROOF_NONE;
	ret->doubt = doubt;
	ret->text[0] = '\0';
	text_addf(ret->text, sizeof(ret->text), "%s", text);
}

static void proof_set(struct tls_judgement *ret, enum tls_proof proof)
{
	*ret = (struct tls_judgement){.proof = proof};
}

void peer_fini(struct peer *peer)
{
	cert_names_fini(&peer->names);
	sk_X509_pop_free(peer->path, X509_free);
	free(peer->text);
}

/* ---- names ---- */

static bool names_read(struct tls_session *session, struct tls_judgement *ret)
{
	struct peer *peer = &session->peer;
	const int length = sk_X509_num(session_chain(session)) + (session->role == TLS_SERVER);

	if (length > TLS_CHAIN_MAX) {
		doubt_set(ret, TLS_DOUBT_MALFORMED, "the chain has %d certificates, at most %d are looked at", length,
			  TLS_CHAIN_MAX);
		return false;
	}
	if (!peer->has_names) {
		peer->is_malformed = cert_names_read(session_leaf(session), &peer->names) < 0;
		peer->has_names = true;
		ERR_clear_error();
	}
	if (peer->is_malformed)
		doubt_set(ret, TLS_DOUBT_MALFORMED,
			  "the names in the certificate are malformed (NUL, control characters, or too many)");
	return !peer->is_malformed;
}

static void doubt_name(const struct cert_names *names, const char *domain, struct tls_judgement *ret)
{
	char text[TEXT_SIZE / 2];

	cert_names_show(names, false, text, sizeof(text));
	if (names->count)
		doubt_set(ret, TLS_DOUBT_NAME, "certificate names %s, not %s", text, domain);
	else
		doubt_set(ret, TLS_DOUBT_NAME, "certificate names no domain (a common name does not count), not %s", domain);
}

/* RFC 5280 §4.2.1.10 constrains each kind of name alone, so a CA that may only certify DNS names below example.org could
 * put any domain into an XmppAddr or SRV-ID. For us they are names of the same thing: what does not fit as DNS-ID must be
 * one that the CAs' constraints would permit as a DNS-ID. */
static bool is_permitted(const STACK_OF(X509) *path, const char *domain)
{
	for (int i = 1; i < sk_X509_num(path); i++)
		if (!ca_permits(sk_X509_value(path, i), str_of(domain)))
			return false;
	return true;
}

static void judge_pkix(struct tls_session *session, const char *domain, int64_t wall_ms, struct tls_judgement *ret)
{
	const struct peer *peer = &session->peer;
	int fit;

	if (!peer_is_trusted(session, wall_ms, ret))
		return;
	if (!(fit = cert_names_fit(&peer->names, str_of(domain))))
		doubt_name(&peer->names, domain, ret);
	else if (fit == CERT_FIT_OTHER && !is_permitted(peer->path, domain))
		doubt_set(ret, TLS_DOUBT_CHAIN, "the issuer's name constraints do not permit %s", domain);
	else
		proof_set(ret, TLS_PROOF_PKIX);
}

/* ---- pins ---- */

static int spki_hash(X509 *cert, uint8_t ret_hash[static TLS_SHA256_BYTES])
{
	unsigned char *der = NULL;
	const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	int err;

	if (len <= 0)
		return TRUNK_ECRYPTO;
	err = tls_sha256(str_make((const char *)der, (size_t)len), ret_hash);
	OPENSSL_free(der);
	return err;
}

static void judge_pins(const struct tls_session *session, const struct tls_expectation *expected, struct tls_judgement *ret)
{
	uint8_t hash[TLS_SHA256_BYTES];
	struct buf text = {0};

	if (spki_hash(session_leaf(session), hash) < 0) {
		doubt_set(ret, TLS_DOUBT_PIN, "the certificate's key can't be hashed");
		return;
	}
	for (size_t i = 0; i < expected->pin_count; i++)
		if (memcmp(expected->pins[i], hash, sizeof(hash)) == 0) {
			proof_set(ret, TLS_PROOF_PIN);
			return;
		}
	(void)tls_base64_encode(str_make((const char *)hash, sizeof(hash)), &text);
	doubt_set(ret, TLS_DOUBT_PIN, "none of the pins fits the certificate's key, which is sha256/%.*s",
		  STR_ARG(buf_str(&text)));
	buf_fini(&text);
}

void tls_session_judge(struct tls_session *session, const struct tls_expectation *expected, int64_t wall_ms,
		       struct tls_judgement *ret)
{
	*ret = (struct tls_judgement){.proof = TLS_PROOF_NONE};
	if (!session_leaf(session))
		doubt_set(ret, TLS_DOUBT_NO_CERTIFICATE, "the peer showed no certificate");
	else if (expected->pin_count > 0)
		judge_pins(session, expected, ret);
	else if (names_read(session, ret) && !(expected->tlsa_count && dane_judge(session, expected, wall_ms, ret)))
		judge_pkix(session, expected->domain, wall_ms, ret);
	ERR_clear_error();
}

void tls_session_peer_names(const struct tls_session *session, char *ret_names, size_t size_bytes, int64_t *ret_not_after_ms)
{
	struct cert_names names = {0};
	X509 *leaf = session_leaf(session);

	ret_names[0] = '\0';
	*ret_not_after_ms = leaf ? ms_of_time(X509_get0_notAfter(leaf)) : 0;
	if (!leaf)
		return;
	if (cert_names_read(leaf, &names) < 0)
		text_addf(ret_names, size_bytes, "malformed");
	cert_names_show(&names, true, ret_names + strlen(ret_names), size_bytes - strlen(ret_names));
	cert_names_fini(&names);
	ERR_clear_error();
}

int tls_session_peer_pin(const struct tls_session *session, uint8_t ret_pin[static TLS_PIN_BYTES])
{
	X509 *leaf = session_leaf(session);

	return leaf ? spki_hash(leaf, ret_pin) : TRUNK_ENOENT;
}
