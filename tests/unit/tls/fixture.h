/* SPDX-License-Identifier: Apache-2.0
 * Certificates of every kind, a folder for them, and two sessions joined by memory. */
#ifndef TRUNK_TESTS_TLS_FIXTURE_H
#define TRUNK_TESTS_TLS_FIXTURE_H

#include "tls/session.h"

#include <openssl/x509v3.h>

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WALL_S 1790000000LL /* 2026-09-21 */
#define WALL_MS (WALL_S * 1000)

struct made {
	X509 *cert;
	EVP_PKEY *key;
};

/* Zero: a good certificate of a year around WALL_S without any name. */
struct spec {
	const char *cn;
	const char *san;      /* in the library's words: "DNS:a,otherName:1.3.6.1.5.5.7.8.5;UTF8:b" */
	struct str raw_dns;   /* one dNSName of any bytes, instead of `san` */
	const char *raw_xmpp; /* one XmppAddr in UTF-8, instead of `san` */
	const char *eku;
	const char *constraints; /* "permitted;DNS:example.org" */
	int64_t start_s, end_s;
	bool is_ca;
	int rsa_bits; /* 0: P-256 */
};

struct made made_new(const struct spec *spec, const struct made *issuer); /* NULL: self-signed */
void made_free(struct made *made);

/* A new folder under /tmp; fixture_end() removes it with all files in it. */
struct folder {
	char path[64];
};

int fixture_begin(void **state);
int fixture_end(void **state);

/* Paths stand until eight more were asked for. */
const char *path_in(void **state, const char *name);
void put_text(const char *path, struct str text, mode_t mode);
void put_made(const char *path, const struct made *leaf, const struct made *chain, mode_t mode); /* leaf, chain, key */
void put_certs(const char *path, const struct made *const *certs);
void put_key(const char *path, const struct made *made, mode_t mode);

/* What the store reported, all texts one after the other. */
struct report {
	int fatal, warnings;
	char text[4096];
};

/* NULL where it was refused. */
struct tls_store *store_of(const struct tls_store_options *options, struct report *report);

/* Folder `certs` and trust in `ca` (NULL: none but the system's). */
struct tls_store *store_simple(const char *certs, const char *trust);

/* Client and server, each with its store. */
struct pair {
	struct tls_session *client, *server;
	struct buf to_server, to_client;
	int client_result, server_result;
};

void pair_open(struct pair *pair, struct tls_store *client, const struct tls_session_options *client_options,
	       struct tls_store *server, const struct tls_session_options *server_options);

/* Both handshakes to their end, `piece` bytes at a time (0: all that is there). Whether both are done. */
bool pair_shake(struct pair *pair, size_t piece);
void pair_close(struct pair *pair);

#endif
