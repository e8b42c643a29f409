/* SPDX-License-Identifier: Apache-2.0
 * A self-signed certificate for the spokes of a load. */
#ifndef BENCH_CERT_H
#define BENCH_CERT_H

#include <openssl/ssl.h>

/* Gives `tls` a new key (P-256) and a certificate of a day for `names` (NULL at the end). Ends the program where that fails. */
void cert_make(SSL_CTX *tls, const char *const *names);

#endif
