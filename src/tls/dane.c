/* SPDX-License-Identifier: Apache-2.0
 * Proof by TLSA records that DNSSEC vouches for (RFC 6698, RFC 7671, RFC 7673). */
#include "tls/session.h"

#include <openssl/evp.h>

enum { USAGE_PKIX_TA, USAGE_PKIX_EE, USAGE_DANE_TA, USAGE_DANE_EE };
enum { SELECTOR_CERT, SELECTOR_SPKI };
enum { MATCHING_FULL, MATCHING_SHA256, MATCHING_SHA512 };

/* Records that nobody can use count as absent (RFC 6698 §4.1). */
static bool is_usable(const struct tls_tlsa *record)
{
	if (record->usage > USAGE_DANE_EE || record->selector > SELECTOR_SPKI)
		return false;
	switch (record->matching) {
	case MATCHING_FULL:
		return record->data.len > 0;
	case MATCHING_SHA256:
		return record->data.len == 32;
	case MATCHING_SHA512:
		return record->data.len == 64;
	default:
		return false;
	}
}

static bool bytes_fit(const struct tls_tlsa *record, const unsigned char *der, size_t len)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int hash_len = 0;

	if (record->matching == MATCHING_FULL)
		return str_eq(record->data, str_make((const char *)der, len));
	if (EVP_Digest(der, len, hash, &hash_len, record->matching == MATCHING_SHA256 ? EVP_sha256() : EVP_sha512(), NULL) != 1)
		return false;
	return str_eq(record->data, str_make((const char *)hash, hash_len));
}

static bool is_fit(const struct tls_tlsa *record, X509 *cert)
{
	unsigned char *der = NULL;
	const int len =
		record->selector == SELECTOR_CERT ? i2d_X509(cert, &der) : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	bool fits;

	if (len <= 0)
		return false;
	fits = bytes_fit(record, der, (size_t)len);
	OPENSSL_free(der);
	return fits;
}

static bool has_name(const struct cert_names *names, const struct tls_expectation *expected)
{
	if (cert_names_fit(names, str_of(expected->domain)))
		return true;
	for (size_t i = 0; expected->tlsa_names && expected->tlsa_names[i]; i++)
		if (cert_names_fit(names, str_of(expected->tlsa_names[i])))
			return true;
	return false;
}

/* Whether a chain from this anchor alone is good. */
static bool is_chain_of(const struct tls_session *session, X509 *anchor, int64_t wall_ms, struct tls_judgement *ret)
{
	X509_STORE *trust = X509_STORE_new();
	STACK_OF(X509) *path = NULL;
	bool is_good = trust && X509_STORE_add_cert(trust, anchor) == 1 &&
		       chain_verify(session, trust, X509_V_FLAG_PARTIAL_CHAIN, wall_ms, &path, ret);

	sk_X509_pop_free(path, X509_free);
	X509_STORE_free(trust);
	return is_good;
}

/* The anchor is among what the peer sent behind its leaf, or the record is the anchor. */
static X509 *anchor_of(const struct tls_session *session, const struct tls_tlsa *record)
{
	const STACK_OF(X509) *chain = session_chain(session);
	const unsigned char *der = (const unsigned char *)record->data.at;

	for (int i = session->role == TLS_SERVER ? 0 : 1; i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		if (is_fit(record, cert)) {
			X509_up_ref(cert);
			return cert;
		}
	}
	if (record->selector == SELECTOR_CERT && record->matching == MATCHING_FULL)
		return d2i_X509(NULL, &der, (long)record->data.len);
	return NULL;
}

static bool is_dane_ta(const struct tls_session *session, const struct tls_tlsa *record, const struct tls_expectation *expected,
		       int64_t wall_ms)
{
	struct tls_judgement ignored;
	X509 *anchor = anchor_of(session, record);
	const bool is_good =
		anchor && has_name(&session->peer.names, expected) && is_chain_of(session, anchor, wall_ms, &ignored);

	X509_free(anchor);
	return is_good;
}

/* Usages 0 and 1 narrow PKIX down; they don't replace it. */
static bool is_pkix(struct tls_session *session, const struct tls_tlsa *record, const struct tls_expectation *expected,
		    int64_t wall_ms)
{
	struct tls_judgement ignored;

	if (!peer_is_trusted(session, wall_ms, &ignored) || !has_name(&session->peer.names, expected))
		return false;
	if (record->usage == USAGE_PKIX_EE)
		return is_fit(record, session_leaf(session));
	for (int i = 1; i < sk_X509_num(session->peer.path); i++)
		if (is_fit(record, sk_X509_value(session->peer.path, i)))
			return true;
	return false;
}

static bool is_proved(struct tls_session *session, const struct tls_tlsa *record, const struct tls_expectation *expected,
		      int64_t wall_ms)
{
	switch (record->usage) {
	case USAGE_DANE_EE: /* neither names nor dates count (RFC 7671 §5.1) */
		return is_fit(record, session_leaf(session));
	case USAGE_DANE_TA:
		return is_dane_ta(session, record, expected, wall_ms);
	default:
		return is_pkix(session, record, expected, wall_ms);
	}
}

bool dane_judge(struct tls_session *session, const struct tls_expectation *expected, int64_t wall_ms, struct tls_judgement *ret)
{
	size_t usable = 0;

	for (size_t i = 0; i < expected->tlsa_count; i++) {
		if (!is_usable(&expected->tlsa[i]))
			continue;
		usable++;
		if (is_proved(session, &expected->tlsa[i], expected, wall_ms)) {
			*ret = (struct tls_judgement){.proof = TLS_PROOF_DANE};
			return true;
		}
	}
	if (usable)
		doubt_set(ret, TLS_DOUBT_DANE,
			  "none of the %zu TLSA records of %s fits the certificate or its chain; the records or the "
			  "certificate are out of date",
			  usable, expected->domain);
	return usable > 0;
}
