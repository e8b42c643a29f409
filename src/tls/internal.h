/* SPDX-License-Identifier: Apache-2.0
 * What the files of this room share: identities, the store, and words about certificates. */
#ifndef TRUNK_TLS_INTERNAL_H
#define TRUNK_TLS_INTERNAL_H

#include "tls/names.h"
#include "tls/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

enum {
	FILE_BYTES_MAX = 1024 * 1024, /* of one file that the configuration names */
	TEXT_SIZE = 256,              /* words about a certificate */
	DATE_SIZE = sizeof("9999-12-31"),
	SECURITY_LEVEL = 2, /* 112 bits: RSA from 2048, no SHA-1 (SSL_CTX_set_security_level(3)) */
	DAY_S = 24 * 60 * 60,
};

/* ---- words (text.c): all printable ASCII, cut at the size ---- */

/* "CN=Example CA,O=Example". */
void text_of_name(const X509_NAME *name, char *ret_text, size_t size_bytes);
void text_of_date(const ASN1_TIME *time, char ret_date[static DATE_SIZE]);
int64_t ms_of_time(const ASN1_TIME *time); /* wall clock; INT64_MAX where it has no meaning */

/* Adds to a text that ends in NUL; what is no printable ASCII becomes '?'. */
void text_addf(char *text, size_t size_bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Reason of the library's oldest error, and forgets them all. */
const char *text_of_library(void);

/* ---- problems while a store is built ---- */

struct problems {
	tls_problem_fn *fn;
	void *ctx;
	bool is_fatal; /* one was */
};

void problem_add(struct problems *problems, bool is_fatal, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- files (file.c, pem.c) ---- */

/* Reads a regular file whole. Returns 0, TRUNK_ENOENT, TRUNK_EPERM, TRUNK_EINVAL (no regular file), TRUNK_ELIMIT (over
 * FILE_BYTES_MAX), TRUNK_EIO or TRUNK_ENOMEM. */
int file_read(const char *path, struct buf *ret_content, struct stat *ret_stat);

/* Writes a new file of mode 0600 and syncs it; what is half written is removed. Returns 0, TRUNK_EEXIST, TRUNK_EIO. */
int file_create(const char *path, struct str content);

/* Forgets a buffer that may hold a key. */
void buf_wipe(struct buf *buf);

/* What a PEM file holds: leaf first. */
struct pem {
	STACK_OF(X509) *certs; /* never NULL behind pem_read() */
	EVP_PKEY *key;         /* NULL: none */
	struct stat stat;
};

/* Reads certificates and the first private key. A key that others may read is refused (key_is_private()). Returns 0, or an
 * error that went to `problems` as fatal. */
int pem_read(const char *path, struct problems *problems, struct pem *ret_pem);
void pem_fini(struct pem *pem);
int pem_add_cert(struct buf *out, X509 *cert);
int pem_add_key(struct buf *out, const EVP_PKEY *key);

/* ---- identities ---- */

/* A certificate with key that we can show. Immutable and counted. */
struct identity {
	atomic_int refs;
	enum tls_identity_kind kind;
	char *file; /* NULL: made here */
	X509 *cert;
	EVP_PKEY *key;
	STACK_OF(X509) *chain; /* behind the certificate; never NULL */
	struct cert_names names;
	unsigned char *ocsp; /* response to staple; NULL: none */
	size_t ocsp_len;
	int64_t not_before_ms, not_after_ms;
};

/* Takes a count on certificate and key, and on the chain's certificates from `first` on. NULL: no memory. */
struct identity *identity_new(enum tls_identity_kind kind, const char *file, X509 *cert, EVP_PKEY *key,
			      const STACK_OF(X509) *chain, int first);
struct identity *identity_ref(struct identity *identity);
void identity_free(struct identity **identity);

/* ---- certificates made here (make.c) ---- */

struct make {
	const char *common_name;   /* printable ASCII */
	const char *domain;        /* ASCII; NULL: no names, a CA */
	const char *const *permit; /* of a CA: its name constraints; NULL: none */
	X509 *issuer;              /* NULL: self-signed */
	EVP_PKEY *issuer_key;
	EVP_PKEY *key;
	int64_t not_before_s, not_after_s;
};

/* ECDSA P-256. NULL: the library refused. */
EVP_PKEY *key_make(void);
X509 *cert_make(const struct make *make);

/* Whether a domain is an ASCII name in normal form, short enough for a certificate and safe in a file name. */
bool domain_is_ascii(const char *domain);

/* ---- the issuer (issuer.c) ---- */

struct issuer {
	X509 *cert;
	EVP_PKEY *key;
	STACK_OF(X509) *path; /* the CA's certificate and those above it */
	STACK_OF(X509) *sent; /* of them what goes behind a leaf: not a root, which who trusts it has already */
	EVP_PKEY *leaf_key;   /* of all certificates that this store issues */
	bool is_any;
};

/* Reads CA and key. Returns 0, or an error that went to `problems`. Where the CA can't issue now it is a warning. */
int issuer_new(const char *file, bool is_any, int64_t wall_ms, struct problems *problems, struct issuer **ret_issuer);
void issuer_free(struct issuer **issuer);

/* Why the issuer does not issue for a domain, in words; NULL: it does. */
const char *issuer_refusal(const struct issuer *issuer, const char *domain, int64_t wall_ms);

/* Returns 0, TRUNK_EPERM (issuer_refusal()) or TRUNK_ECRYPTO. */
int issuer_issue(const struct issuer *issuer, const char *domain, EVP_PKEY *key, int days, int64_t wall_ms, X509 **ret_cert);

/* Whether the CA's name constraints, if it has any, permit the domain as a DNS name. */
bool ca_permits(X509 *ca, struct str domain);

/* ---- the store ---- */

/* One file or folder as it was when the store was built. */
struct stamp {
	char *path;
	bool is_there;
	struct timespec changed;
	off_t size;
	ino_t inode;
};

struct cache;
struct verified;

struct tls_store {
	atomic_int refs;
	SSL_CTX *ctx;     /* of all sessions */
	BIO_METHOD *wire; /* session.c */
	X509_STORE *trust;
	bool has_crl;
	struct identity **files;
	size_t file_count;
	struct issuer *issuer; /* NULL: none */
	char *issuer_file;
	char *self_signed_folder; /* NULL: in memory only */
	size_t self_signed_kept;  /* files written there; under the cache's make lock */
	struct cache *cache;
	struct verified *verified;
	struct stamp *stamps;
	size_t stamp_count;
};

/* Remembers the file's state for tls_store_is_stale(). Returns 0 or TRUNK_ENOMEM. */
int store_stamp(struct tls_store *store, const char *path);

/* Reads all certificates of a folder into store->files. Returns 0 or TRUNK_ENOMEM; problems go to `problems`. */
int folder_read(struct tls_store *store, const char *folder, int64_t wall_ms, struct problems *problems);

/* Adds what `trust` and `crl` name to a new X509_STORE. Returns 0 or an error. */
int trust_read(struct tls_store *store, const struct tls_store_options *options, struct problems *problems);

/* The self-signed identity of a domain: from the folder where it is there and good, else made and kept there; `kept` counts
 * the files that were written. `folder` NULL: in memory only. */
int self_signed_get(const char *folder, const char *domain, int64_t wall_ms, size_t *kept, struct identity **ret_identity);

/* tls_store_identity() for sessions; the caller holds the count that it returns. */
int store_identity(struct tls_store *store, const char *domain, int64_t wall_ms, struct identity **ret_identity);

/* Identities by domain, bounded, oldest use goes first. Thread-safe. */
struct cache *cache_new(void);
void cache_free(struct cache **cache);
struct identity *cache_get(struct cache *cache, const char *domain, int64_t wall_ms); /* counted; NULL: none that is good */
int cache_put(struct cache *cache, const char *domain, struct identity *identity, int64_t until_ms);
void cache_make_lock(struct cache *cache); /* one thread makes identities at a time; look-ups go on */
void cache_make_unlock(struct cache *cache);

/* Chains that were verified lately, by their leaf, so that a peer that comes again costs less (verified.c). Bounded; only
 * good ones, for an hour at most. Thread-safe. */
struct verified *verified_new(void);
void verified_free(struct verified **verified);
STACK_OF(X509) *verified_get(struct verified *verified, X509 *leaf, int64_t wall_ms, int64_t *ret_until_ms); /* NULL: none */
void verified_put(struct verified *verified, X509 *leaf, STACK_OF(X509) *path, int64_t wall_ms, int64_t until_ms);

/* ---- sessions ---- */

/* The context of all sessions of a store (context.c). NULL: the library refused. */
SSL_CTX *context_new(void);

/* The kind of BIO that joins a session to the buffers of the current call (wire.c). NULL: no memory. */
BIO_METHOD *wire_new(void);

#endif
