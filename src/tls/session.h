/* SPDX-License-Identifier: Apache-2.0
 * What a session is to the files of this room. */
#ifndef TRUNK_TLS_SESSION_H
#define TRUNK_TLS_SESSION_H

#include "tls/internal.h"

enum { HELLO_VERSIONS_MAX = 6 };

/* What the peer offered, for the words when it comes to nothing. */
struct hello {
	bool is_known;
	bool has_cipher, has_group; /* one that we take */
	uint8_t version_count;
	uint16_t versions[HELLO_VERSIONS_MAX]; /* as on the wire, 0x0304 is TLS 1.3 */
	uint16_t cipher_count;
};

/* The buffers of the call that is under way. */
struct wire {
	struct str in;   /* ciphertext that nobody read yet, behind `held` */
	struct buf held; /* what earlier calls left */
	struct buf *out; /* NULL outside of a call */
	int err;         /* why `out` refused */
};

/* What is known of the peer's certificate; each part is found out when it is first asked for. */
struct peer {
	bool has_names, is_malformed, is_verified;
	enum tls_doubt doubt; /* of the chain; 0: it is good */
	char *text;           /* the doubt in words; owned */
	struct cert_names names;
	STACK_OF(X509) *path; /* leaf to anchor, where the chain is good */
	int64_t until_ms;     /* when the first of the path ends */
};

struct tls_session {
	SSL *ssl;
	struct tls_store *store;   /* counted */
	struct tls_store *judge;   /* counted: whose trust and CRLs count now; NULL: the store above */
	struct identity *identity; /* counted; NULL: none is shown */
	enum tls_role role;
	bool is_direct, is_done, is_failed;
	enum tls_version min_version;
	int64_t wall_ms; /* when it began */
	tls_sni_fn *sni_fn;
	void *ctx;
	char *sni; /* what the client asked for; owned */
	struct wire wire;
	struct hello hello;
	char *error; /* owned; NULL: none yet */
	struct peer peer;
};

/* The session's certificate and key become those of `domain`. Returns 0 or an error. */
int session_show(struct tls_session *session, const char *domain);

/* Puts the library's errors, an alert and the peer's offer into words. */
void session_explain(struct tls_session *session);
void hello_read(struct hello *hello, SSL *ssl); /* within the ClientHello callback */

/* The peer's leaf, NULL where there is none or the handshake is not done, and what it sent behind the leaf. */
X509 *session_leaf(const struct tls_session *session);
STACK_OF(X509) *session_chain(const struct tls_session *session);

void peer_fini(struct peer *peer);

/* DANE (dane.c). Returns whether one record is usable at all; `ret` is the judgement then. */
bool dane_judge(struct tls_session *session, const struct tls_expectation *expected, int64_t wall_ms,
		struct tls_judgement *ret);

/* The chain against the store's trust, remembered. Whether it is good; doubt and text of `ret` where it is not. */
bool peer_is_trusted(struct tls_session *session, int64_t wall_ms, struct tls_judgement *ret);

/* Verifies with the anchors of `trust`, purposes aside. On success the path is the caller's. `ret` gets doubt and text. */
bool chain_verify(const struct tls_session *session, X509_STORE *trust, unsigned long flags, int64_t wall_ms,
		  STACK_OF(X509) **ret_path, struct tls_judgement *ret);

void doubt_set(struct tls_judgement *ret, enum tls_doubt doubt, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
