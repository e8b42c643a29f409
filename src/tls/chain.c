/* SPDX-License-Identifier: Apache-2.0
 * Verifies the peer's chain (RFC 5280) and says in plain words what is wrong with it. */
#include "tls/session.h"

#include <openssl/err.h>

#include <stdlib.h>

/* A list is demanded only of CAs that the operator has one for. */
static int on_verify(int is_good, X509_STORE_CTX *ctx)
{
	return is_good || X509_STORE_CTX_get_error(ctx) == X509_V_ERR_UNABLE_TO_GET_CRL;
}

static void doubt_time(X509 *cert, int depth, bool has_ended, struct tls_judgement *ret)
{
	char name[TEXT_SIZE / 2] = "", date[DATE_SIZE], which[TEXT_SIZE] = "certificate";

	text_of_date(has_ended ? X509_get0_notAfter(cert) : X509_get0_notBefore(cert), date);
	if (depth > 0) {
		text_of_name(X509_get_subject_name(cert), name, sizeof(name));
		which[0] = '\0';
		text_addf(which, sizeof(which), "the CA \"%s\" of its chain", name);
	}
	if (has_ended)
		doubt_set(ret, TLS_DOUBT_EXPIRED, "%s ended %s", which, date);
	else
		doubt_set(ret, TLS_DOUBT_NOT_YET_VALID, "%s is not valid before %s (is this machine's clock right?)", which,
			  date);
}

static void doubt_issuer(X509 *cert, struct tls_judgement *ret)
{
	char name[TEXT_SIZE / 2];

	text_of_name(X509_get_issuer_name(cert), name, sizeof(name));
	doubt_set(ret, TLS_DOUBT_CHAIN, "issuer \"%s\" is not trusted here; add its CA to tls.trust", name);
}

static void doubt_chain(X509_STORE_CTX *ctx, struct tls_judgement *ret)
{
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	const int err = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);

	cert = cert ? cert : X509_STORE_CTX_get0_cert(ctx);
	switch (err) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		doubt_set(ret, TLS_DOUBT_SELF_SIGNED,
			  "certificate is signed by itself; pin its key (tls.pin), or let it have one "
			  "of a CA that is trusted here");
		return;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		doubt_issuer(cert, ret);
		return;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		doubt_time(cert, depth, err == X509_V_ERR_CERT_HAS_EXPIRED, ret);
		return;
	case X509_V_ERR_CERT_REVOKED:
		doubt_set(ret, TLS_DOUBT_REVOKED, "%s is revoked by its issuer", depth ? "a CA of its chain" : "certificate");
		return;
	case X509_V_ERR_CRL_HAS_EXPIRED:
		doubt_set(ret, TLS_DOUBT_CHAIN, "the revocation list (tls.crl) of its issuer has ended; renew that file");
		return;
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
		doubt_set(ret, TLS_DOUBT_MALFORMED, "the chain is longer than %d certificates", TLS_CHAIN_MAX);
		return;
	default:
		doubt_set(ret, TLS_DOUBT_CHAIN, "certificate does not verify: %s", X509_verify_cert_error_string(err));
	}
}

/* A certificate without the extension is for any use. Peers are server and client by turns, and their CAs know only the
 * one or the other, so either will do for both roles; one for mail or code alone will not. */
static bool is_for_servers(X509 *cert)
{
	const uint32_t use = X509_get_extended_key_usage(cert);

	return use == UINT32_MAX || (use & (XKU_SSL_SERVER | XKU_SSL_CLIENT | XKU_ANYEKU));
}

/* The anchor's own extensions don't count: it is trusted for being there. */
static bool is_path_for_servers(const STACK_OF(X509) *path)
{
	const int count = sk_X509_num(path);

	for (int i = 0; i < count; i++)
		if ((i == 0 || i + 1 < count) && !is_for_servers(sk_X509_value(path, i)))
			return false;
	return true;
}

static void set_params(X509_STORE_CTX *ctx, unsigned long flags, int64_t wall_ms)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_TRUSTED_FIRST | flags);
	X509_VERIFY_PARAM_set_depth(param, TLS_CHAIN_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_time(param, (time_t)(wall_ms / 1000));
	X509_STORE_CTX_set_verify_cb(ctx, on_verify);
}

bool chain_verify(const struct tls_session *session, X509_STORE *trust, unsigned long flags, int64_t wall_ms,
		  STACK_OF(X509) **ret_path, struct tls_judgement *ret)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *path = NULL;

	if (!ctx || X509_STORE_CTX_init(ctx, trust, session_leaf(session), session_chain(session)) != 1) {
		doubt_set(ret, TLS_DOUBT_CHAIN, "no memory to verify the certificate");
		goto done;
	}
	set_params(ctx, flags, wall_ms);
	if (X509_verify_cert(ctx) != 1)
		doubt_chain(ctx, ret);
	else if (!(path = X509_STORE_CTX_get1_chain(ctx)))
		doubt_set(ret, TLS_DOUBT_CHAIN, "no memory to verify the certificate");
	else if (is_path_for_servers(path))
		goto done;
	else
		doubt_set(ret, TLS_DOUBT_CHAIN, "certificate is not meant for servers (its extended key usage says so)");
	sk_X509_pop_free(path, X509_free);
	path = NULL;
done:
	X509_STORE_CTX_free(ctx);
	*ret_path = path;
	return path != NULL;
}

static int64_t path_end_ms(const STACK_OF(X509) *path)
{
	int64_t end_ms = INT64_MAX;

	for (int i = 0; i < sk_X509_num(path); i++) {
		const int64_t ms = ms_of_time(X509_get0_notAfter(sk_X509_value(path, i)));

		end_ms = ms < end_ms ? ms : end_ms;
	}
	return end_ms;
}

static void peer_verify(struct tls_session *session, int64_t wall_ms)
{
	const struct tls_store *store = session->judge ? session->judge : session->store;
	const unsigned long crl = store->has_crl ? X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL : 0;
	struct peer *peer = &session->peer;
	struct tls_judgement found = {0};

	peer->is_verified = true;
	if ((peer->path = verified_get(store->verified, session_leaf(session), wall_ms, &peer->until_ms)))
		return;
	if (chain_verify(session, store->trust, X509_V_FLAG_PARTIAL_CHAIN | crl, wall_ms, &peer->path, &found)) {
		peer->until_ms = path_end_ms(peer->path);
		verified_put(store->verified, session_leaf(session), peer->path, wall_ms, peer->until_ms);
		return;
	}
	peer->doubt = found.doubt;
	peer->text = str_dup(str_of(found.text));
}

bool peer_is_trusted(struct tls_session *session, int64_t wall_ms, struct tls_judgement *ret)
{
	struct peer *peer = &session->peer;
	char date[DATE_SIZE];

	if (!peer->is_verified)
		peer_verify(session, wall_ms);
	if (peer->doubt) {
		doubt_set(ret, peer->doubt, "%s", peer->text ? peer->text : "certificate does not verify");
		return false;
	}
	if (wall_ms >= peer->until_ms) { /* a long session outlives its certificate */
		text_of_date(X509_get0_notAfter(session_leaf(session)), date);
		doubt_set(ret, TLS_DOUBT_EXPIRED, "certificate or a CA of its chain has ended (certificate: %s)", date);
		return false;
	}
	return true;
}
