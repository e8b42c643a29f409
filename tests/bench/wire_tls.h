/* SPDX-License-Identifier: Apache-2.0
 * TLS of the driver's wires: between their plain bytes and the socket's. For wire.c, and for whoever makes contexts. */
#ifndef BENCH_WIRE_TLS_H
#define BENCH_WIRE_TLS_H

#include "wire.h"

struct tls_choice {
	int version_min, version_max;   /* TLS1_2_VERSION … */
	const char *certificate;        /* PEM file with chain and key; NULL: a self-signed one is made */
	const char *const *names;       /* for the self-signed one; ends in NULL */
};

/* A context for both sides that accepts every peer and asks for its certificate. Ends the program where that fails. */
SSL_CTX *tls_context(bool is_server, const struct tls_choice *choice);

/* Encrypts into `out`. */
void wire_seal(struct wire *wire, struct str bytes);

/* Decrypts what `sealed` holds into `in`, the handshake included, and calls back. Returns false where TLS failed. */
bool wire_open(struct wire *wire);

#endif
