/* SPDX-License-Identifier: Apache-2.0
 * Makes a self-signed certificate. */
#include "cert.h"

#include "base/buf.h"
#include "die.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

enum { DAY_S = 24 * 60 * 60 };

static void cert_name(X509 *cert, const char *const *names)
{
	struct buf text = {0};
	X509_EXTENSION *extension;

	for (size_t i = 0; names[i]; i++)
		must(buf_addf(&text, "%sDNS:%s", i ? "," : "", names[i]));
	must(buf_add(&text, str_make("", 1)));
	extension = must_ptr(X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, buf_str(&text).at));
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	buf_fini(&text);
}

void cert_make(SSL_CTX *tls, const char *const *names)
{
	EVP_PKEY *key = must_ptr(EVP_EC_gen("P-256"));
	X509 *cert = must_ptr(X509_new());

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(cert), DAY_S);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"load", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	cert_name(cert, names);
	if (X509_sign(cert, key, EVP_sha256()) == 0 || SSL_CTX_use_certificate(tls, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(tls, key) != 1)
		die("cannot make a certificate");
	X509_free(cert);
	EVP_PKEY_free(key);
}
