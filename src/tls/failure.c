/* SPDX-License-Identifier: Apache-2.0
 * Why a handshake or a record failed, in words, with what the peer had offered. */
#include "tls/session.h"

#include <openssl/err.h>

#include <stdlib.h>

enum { GROUP_X25519 = 0x001d, GROUP_P256 = 0x0017, GROUP_P384 = 0x0018 };

static uint16_t u16(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void add_version(struct hello *hello, uint16_t version)
{
	/* Values like 0x?a?a are noise that some peers add on purpose (RFC 8701). */
	if (hello->version_count < HELLO_VERSIONS_MAX && version >= SSL3_VERSION && version <= TLS1_3_VERSION)
		hello->versions[hello->version_count++] = version;
}

/* supported_versions (RFC 8446 §4.2.1); without it the one version of the header and those below it. */
static void read_versions(struct hello *hello, SSL *ssl)
{
	const unsigned char *at;
	size_t len;

	if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &at, &len) || len < 1) {
		add_version(hello, (uint16_t)SSL_client_hello_get0_legacy_version(ssl));
		return;
	}
	for (size_t i = 1; i + 1 < len; i += 2)
		add_version(hello, u16(at + i));
}

static void read_ciphers(struct hello *hello, SSL *ssl)
{
	const unsigned char *at;
	const size_t len = SSL_client_hello_get0_ciphers(ssl, &at);

	hello->cipher_count = (uint16_t)(len / 2);
	for (size_t i = 0; i + 1 < len && !hello->has_cipher; i += 2) {
		const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, at + i);
		const int exchange = cipher ? SSL_CIPHER_get_kx_nid(cipher) : NID_undef;

		hello->has_cipher = (exchange == NID_kx_ecdhe || exchange == NID_kx_any) && SSL_CIPHER_is_aead(cipher);
	}
}

static void read_groups(struct hello *hello, SSL *ssl)
{
	const unsigned char *at;
	size_t len;

	if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_groups, &at, &len))
		return;
	for (size_t i = 2; i + 1 < len; i += 2) {
		const uint16_t group = u16(at + i);

		hello->has_group |= group == GROUP_X25519 || group == GROUP_P256 || group == GROUP_P384;
	}
}

void hello_read(struct hello *hello, SSL *ssl)
{
	*hello = (struct hello){.is_known = true};
	read_versions(hello, ssl);
	read_ciphers(hello, ssl);
	read_groups(hello, ssl);
}

static const char *version_name(uint16_t version)
{
	static const char *const names[] = {"SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"};

	return version >= SSL3_VERSION && version <= TLS1_3_VERSION ? names[version - SSL3_VERSION] : "an unknown version";
}

static void add_offer(const struct hello *hello, char *text, size_t size_bytes)
{
	if (!hello->is_known)
		return;
	text_addf(text, size_bytes, "; the peer offered ");
	for (size_t i = 0; i < hello->version_count; i++)
		text_addf(text, size_bytes, "%s%s", i ? ", " : "", version_name(hello->versions[i]));
	if (hello->version_count == 0)
		text_addf(text, size_bytes, "no version that we know");
	text_addf(text, size_bytes, " and %u ciphers%s", (unsigned)hello->cipher_count,
		  hello->has_cipher ? "" : ", none with forward secrecy and authenticated encryption");
	if (!hello->has_group)
		text_addf(text, size_bytes, ", and none of the groups X25519, P-256, P-384");
}

/* The first error of the TLS library itself; where there is none, the first of all. */
static unsigned long take_reason(void)
{
	unsigned long first = 0, err;

	while ((err = ERR_get_error()))
		if (first == 0 || (ERR_GET_LIB(first) != ERR_LIB_SSL && ERR_GET_LIB(err) == ERR_LIB_SSL))
			first = err;
	return first;
}

static const char *alert_hint(int alert)
{
	switch (alert) {
	case SSL_AD_UNKNOWN_CA:
		return " (it does not trust the issuer of our certificate)";
	case SSL_AD_UNRECOGNIZED_NAME:
		return " (it does not serve the domain that we asked for)";
	case TLS13_AD_CERTIFICATE_REQUIRED:
		return " (it demands a certificate of ours)";
	case SSL_AD_PROTOCOL_VERSION:
		return " (it has no TLS version in common with us)";
	case SSL_AD_CERTIFICATE_EXPIRED:
		return " (our certificate has ended)";
	case SSL_AD_NO_APPLICATION_PROTOCOL:
		return " (its port is not one of XMPP servers)";
	default:
		return "";
	}
}

static void add_reason(const struct tls_session *session, unsigned long err, char *text, size_t size_bytes)
{
	static const char *const minimum[] = {
		[TLS_VERSION_1_0] = "TLSv1.0",
		[TLS_VERSION_1_1] = "TLSv1.1",
		[TLS_VERSION_1_2] = "TLSv1.2",
		[TLS_VERSION_1_3] = "TLSv1.3",
	};
	const bool is_ssl = ERR_GET_LIB(err) == ERR_LIB_SSL;
	const int reason = ERR_GET_REASON(err);
	const char *words = err ? ERR_reason_error_string(err) : NULL;

	if (is_ssl && reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256)
		text_addf(text, size_bytes, "the peer refused with alert \"%s\"%s",
			  SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET), alert_hint(reason - SSL_AD_REASON_OFFSET));
	else if (is_ssl && (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_VERSION_TOO_LOW))
		text_addf(text, size_bytes, "no TLS version in common, %s at least is needed here",
			  minimum[session->min_version]);
	else if (is_ssl && (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST))
		text_addf(text, size_bytes, "what the peer sent is not TLS");
	else if (is_ssl && reason == SSL_R_EXCESSIVE_MESSAGE_SIZE)
		text_addf(text, size_bytes, "a message of the handshake is too large (certificates: at most %d bytes)",
			  TLS_CERTIFICATE_BYTES_MAX);
	else if (err == 0 && (SSL_get_shutdown(session->ssl) & SSL_RECEIVED_SHUTDOWN))
		text_addf(text, size_bytes, "the peer closed within the handshake");
	else
		text_addf(text, size_bytes, "%s", words ? words : "unknown reason");
}

void session_explain(struct tls_session *session)
{
	char text[2 * TEXT_SIZE] = "";

	add_reason(session, take_reason(), text, sizeof(text));
	if (!session->is_done)
		add_offer(&session->hello, text, sizeof(text));
	free(session->error);
	session->error = str_dup(str_of(text));
}

const char *tls_session_error(const struct tls_session *session)
{
	return session->error ? session->error : session->is_failed ? "no memory" : "no error";
}
