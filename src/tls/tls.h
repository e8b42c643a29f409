/* SPDX-License-Identifier: Apache-2.0
 * TLS between buffers, the identities that we show, and what a peer's certificate proves. The only room that includes OpenSSL.
 *
 * No sockets: ciphertext comes in as bytes and goes out into a buffer. A store is immutable once built and counted; it
 * may be shared by threads. A session belongs to one thread. */
#ifndef TRUNK_TLS_TLS_H
#define TRUNK_TLS_TLS_H

#include "base/base.h"

enum {
	TLS_PIN_BYTES = 32,             /* SHA-256 of a SubjectPublicKeyInfo */
	TLS_RECORD_BYTES = 16384,       /* plaintext of one record at most (RFC 8446 §5.1) */
	TLS_CHAIN_MAX = 10,             /* certificates of a chain that are looked at */
	TLS_CERTIFICATE_BYTES_MAX = 64 * 1024,  /* handshake message of a peer's chain; beyond: refused */
};

/* ---- the store: identities, trust, issuer ---- */

enum tls_version { TLS_VERSION_1_0 = 1, TLS_VERSION_1_1, TLS_VERSION_1_2, TLS_VERSION_1_3 };

struct tls_store_options {
	const char *const *certificate_folders;         /* PEM chain + key files; NULL-terminated; may be NULL */
	const char *issuer_file;        /* PEM of CA certificate and key that issues on the fly; NULL: none */
	bool issue_any;                 /* a CA without name constraints may issue, for any domain; else it issues nothing */
	const char *state_folder;       /* where self-signed identities are kept; NULL: in memory only */
	const char *const *trust;       /* "system" or PEM files; NULL-terminated; NULL: system */
	const char *const *crl_files;   /* PEM or DER; NULL-terminated; may be NULL */
};

struct tls_store;

/* A problem found while a store is built: `is_fatal` refuses the configuration, otherwise it is a warning that the caller
 * logs (an expired certificate of our own, a key readable by others is fatal). `text` names file and reason. */
typedef void tls_problem_fn(void *ctx, bool is_fatal, const char *text);

/* Reads all files. `wall_ms` is the wall clock now. Returns 0 or an error; every problem went to `problem` before.
 *
 * Of the folders' files those that end in .pem, .crt and .key count, not in their subfolders. A key stands in its chain's
 * file, in NAME.key beside it, or else in whatever file of the folder holds the key that fits (fullchain.pem and
 * privkey.pem). It must be private: mode 0600 or less, or 0640 where root owns it. NAME.ocsp beside the chain is stapled as
 * it is. */
int tls_store_new(const struct tls_store_options *options, int64_t wall_ms, tls_problem_fn *problem, void *ctx,
		  struct tls_store **ret_store);
struct tls_store *tls_store_ref(struct tls_store *store);
void tls_store_free(struct tls_store **store);          /* drops one reference */

/* Whether the files that the store was made from have changed since (names, sizes, times). */
bool tls_store_is_stale(const struct tls_store *store);

/* Where the identity for `domain` would come from. */
enum tls_identity_kind { TLS_IDENTITY_FILE = 1, TLS_IDENTITY_ISSUED, TLS_IDENTITY_SELF_SIGNED };

struct tls_identity_info {
	enum tls_identity_kind kind;
	const char *file;               /* of TLS_IDENTITY_FILE; borrowed from the store */
	int64_t not_after_ms;           /* wall clock */
	const char *refusal;            /* of TLS_IDENTITY_SELF_SIGNED: why the issuer did not issue; NULL: there is no issuer */
};

/* Finds or makes the identity that shows `domain` (normalised, ASCII form): a file whose names fit (one in its time before one
 * out of it, an exact name before a wildcard, then the later end), else issued, else self-signed. Thread-safe; what is made is
 * cached, issued ones are renewed before their end. Writes to the disk where a self-signed one is new. */
int tls_store_identity(struct tls_store *store, const char *domain_ascii, int64_t wall_ms, struct tls_identity_info *ret_info);

/* Calls `fn` for each certificate of our own that has ended or ends within `within_ms`. */
typedef void tls_expiry_fn(void *ctx, const char *what, int64_t not_after_ms);
void tls_store_expiring(struct tls_store *store, int64_t wall_ms, int64_t within_ms, tls_expiry_fn *fn, void *ctx);

/* ---- a session ---- */

enum tls_role { TLS_SERVER = 1, TLS_CLIENT };

/* Chooses the domain to show when the client names one by SNI (ASCII, lower case, checked as a host name; absent: none was
 * sent). Writes the domain (ASCII) whose identity is shown. Returns 0, or an error to end the handshake (unrecognized_name). */
typedef int tls_sni_fn(void *ctx, struct str sni, char *ret_domain, size_t size_bytes);

struct tls_session_options {
	enum tls_role role;
	const char *domain;             /* ASCII: whose identity we show; NULL: client shows none, server self-signed "trunkd" */
	const char *server_name;        /* client: SNI, the target domain in ASCII */
	bool is_direct;                 /* ALPN xmpp-server (XEP-0368): client offers it; server accepts it or no ALPN at all */
	enum tls_version min_version;   /* 0: TLS 1.2 */
	tls_sni_fn *sni;                /* server; NULL: always `domain` */
	void *ctx;
};

struct tls_session;

/* Keeps a reference to the store. The peer's certificate is asked for and kept whatever it is; whether it proves anything is
 * asked afterwards. Forward secrecy and TLS 1.2 at least (unless min_version says otherwise); no compression, renegotiation, 0-RTT,
 * tickets on. NULL: no memory, or no identity can be made. */
struct tls_session *tls_session_new(struct tls_store *store, const struct tls_session_options *options, int64_t wall_ms);
void tls_session_free(struct tls_session **session);

/* Goes on with the handshake. `in`: all ciphertext that came, eaten completely; `out`: what is to be sent is added, also on
 * failure (the alert). Returns 1 when the handshake is done, 0 when more must come, or TRUNK_ETLS, TRUNK_ENOMEM.
 * Plaintext that came behind the handshake waits for tls_decrypt(). */
int tls_handshake(struct tls_session *session, struct str in, struct buf *out);

/* Adds what `in` decrypts to, and nothing beyond `plain->limit`, to `plain`. Decrypts straight into the buffer's memory.
 * Returns 0, or TRUNK_ECLOSED behind close_notify, TRUNK_ETLS, TRUNK_ELIMIT, TRUNK_ENOMEM. What came before the failure is in
 * `plain`. Behind TRUNK_ELIMIT nothing is lost: the rest is kept (1 MiB at most), and a call with an empty `in` goes on once
 * there is room again. `out` gets what TLS itself answers. */
int tls_decrypt(struct tls_session *session, struct str in, struct buf *plain, struct buf *out);

/* Adds the records that carry `plain` to `out`, 16 KiB in each while there is that much. All or nothing: returns 0, TRUNK_ELIMIT
 * or TRUNK_ENOMEM where `out` has no room, with the session unharmed, or TRUNK_ETLS. */
int tls_encrypt(struct tls_session *session, struct str plain, struct buf *out);

/* Adds a close_notify. */
void tls_close(struct tls_session *session, struct buf *out);

/* Why the last call failed, in words fit for a log: alert or library reason, and what the peer had offered (versions,
 * whether ciphers or groups in common were missing). Never NULL. */
const char *tls_session_error(const struct tls_session *session);

/* Behind the handshake. Strings live as long as the session. */
enum tls_version tls_session_protocol(const struct tls_session *session);
const char *tls_session_version(const struct tls_session *session);     /* "TLSv1.3" */
const char *tls_session_cipher(const struct tls_session *session);
const char *tls_session_alpn(const struct tls_session *session);        /* "" where none */
struct str tls_session_sni(const struct tls_session *session);          /* what the client asked for; absent where nothing */
bool tls_session_has_certificate(const struct tls_session *session);    /* of the peer */

/* ---- what the peer's certificate proves ---- */

enum tls_proof { TLS_PROOF_NONE = 1, TLS_PROOF_PKIX, TLS_PROOF_PIN, TLS_PROOF_DANE };

/* Why a certificate proves nothing; the text of each is a whole clause in plain words with the way out. */
enum tls_doubt {
	TLS_DOUBT_NO_CERTIFICATE = 1,
	TLS_DOUBT_CHAIN,                /* issuer unknown or not trusted */
	TLS_DOUBT_SELF_SIGNED,
	TLS_DOUBT_EXPIRED,
	TLS_DOUBT_NOT_YET_VALID,
	TLS_DOUBT_REVOKED,
	TLS_DOUBT_NAME,                 /* chain is good, but none of its names is the domain */
	TLS_DOUBT_PIN,                  /* pins are set and none fits */
	TLS_DOUBT_MALFORMED,            /* names with NUL or controls, chain too long, … */
	TLS_DOUBT_DANE,                 /* there are usable TLSA records, and none fits: PKIX is not asked (RFC 6698 §4.1) */
};

/* One TLSA record (RFC 6698), already validated by DNSSEC. */
struct tls_tlsa {
	uint8_t usage, selector, matching;
	struct str data;
};

struct tls_expectation {
	const char *domain;             /* ASCII form of the domain to be proved */
	const uint8_t (*pins)[TLS_PIN_BYTES];   /* where there are any, one of them must fit, and it is enough */
	size_t pin_count;
	const struct tls_tlsa *tlsa;    /* DANE, where the records were found secure; usages 2 and 3 */
	size_t tlsa_count;
	const char *const *tlsa_names;  /* reference names for usage 2 besides the domain (the SRV target); NULL-terminated */
};

struct tls_judgement {
	enum tls_proof proof;
	enum tls_doubt doubt;           /* where proof is TLS_PROOF_NONE */
	char text[256];                 /* doubt in words, with the certificate's names where they matter; printable ASCII */
};

/* From now on the session's peer is judged by the trust and CRLs of `store` (a reference is kept): after a reload. */
void tls_session_judge_by(struct tls_session *session, struct tls_store *store);

/* Judges the peer's chain and names: PKIX by RFC 5280 against the store's trust and CRLs; names by RFC 9525 with DNS-ID, SRV-ID
 * (_xmpp-server), XmppAddr; wildcard only as the whole left-most label of a DNS-ID; no CN. serverAuth alone is enough for
 * either role. The chain is verified once and remembered, so asking for many domains is cheap. */
void tls_session_judge(struct tls_session *session, const struct tls_expectation *expected, int64_t wall_ms,
		       struct tls_judgement *ret);

/* Names and end of the peer's certificate for people: "dns:a.example, srv:…", printable ASCII, cut at size. */
void tls_session_peer_names(const struct tls_session *session, char *ret_names, size_t size_bytes, int64_t *ret_not_after_ms);
int tls_session_peer_pin(const struct tls_session *session, uint8_t ret_pin[static TLS_PIN_BYTES]);

/* ---- hashes, random bytes, certificates made here ---- */

enum { TLS_SHA256_BYTES = 32 };

int tls_sha256(struct str data, uint8_t ret_hash[static TLS_SHA256_BYTES]);
int tls_sha256_of(const struct str *parts, size_t count, uint8_t ret_hash[static TLS_SHA256_BYTES]);      /* of all, one behind the other */
int tls_hmac_sha256(struct str key, struct str data, uint8_t ret_mac[static TLS_SHA256_BYTES]);
int tls_random(void *at, size_t len);
bool tls_equal(const void *a, const void *b, size_t len);       /* in constant time */
void tls_hex(const uint8_t *bytes, size_t len, char *ret_hex);  /* 2 * len lower-case digits and a NUL */

/* SHA-256 of many things, one after the other, without what each call of the above has to prepare. Belongs to one thread. */
struct tls_hasher;
struct tls_hasher *tls_hasher_new(void);        /* NULL: no memory */
void tls_hasher_free(struct tls_hasher **hasher);
int tls_hasher_sum(struct tls_hasher *hasher, const struct str *parts, size_t count, uint8_t ret_hash[static TLS_SHA256_BYTES]);

/* Base64 of RFC 4648 §4; decoding refuses white space, missing padding and surplus bits. */
int tls_base64_encode(struct str data, struct buf *out);
int tls_base64_decode(struct str text, struct buf *out);

/* Makes a CA (ECDSA P-256, ten years) whose critical name constraints permit `permit` (ASCII domains and their subdomains,
 * NULL-terminated; NULL: any) and writes certificate and key as PEM to `file` (mode 0600, must not exist). */
int tls_ca_init(const char *file, const char *common_name, const char *const *permit, int64_t wall_ms);

/* The CA's certificate alone as PEM; its names, constraints and end for people. */
int tls_ca_export(const char *file, struct buf *out);
int tls_ca_show(const char *file, struct buf *out);

/* A certificate and key (PEM) for `domain` from the CA, `days` at most 7. */
int tls_ca_issue(const char *file, const char *domain_ascii, int days, int64_t wall_ms, struct buf *out);

#endif
