/* SPDX-License-Identifier: Apache-2.0
 * What a peer must show and what is enough: the words of `tls` and `auth` in trunkd.yaml. Pure. */
#ifndef TRUNK_AUTH_TRUST_H
#define TRUNK_AUTH_TRUST_H

#include "base/base.h"
#include "tls/tls.h"

enum tls_policy { TLS_POLICY_DISABLED = 1, TLS_POLICY_OPTIONAL, TLS_POLICY_REQUIRED };

enum verify_policy {
	VERIFY_CERTIFICATE = 1,         /* a certificate that does not verify ends it */
	VERIFY_DIALBACK,                /* it may be made good by dialback */
};

/* Global, or a spoke's own (inherited field by field). */
struct trust_policy {
	enum tls_policy tls;
	enum verify_policy verify;
	enum tls_version min_version;
	bool external, dialback;        /* `auth`: offered and accepted */
	uint8_t (*pins)[TLS_PIN_BYTES]; /* owned by the configuration */
	size_t pin_count;
};

#endif
