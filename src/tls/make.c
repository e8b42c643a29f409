/* SPDX-License-Identifier: Apache-2.0
 * Makes certificates: self-signed ones, CAs, and leaves that a CA issues. */
#include "tls/internal.h"

#include "name/name.h"

#include <openssl/ec.h>
#include <openssl/rand.h>

enum {
	SERIAL_BYTES = 16,    /* RFC 5280 §4.1.2.2 allows 20; random, so that no two are alike */
	COMMON_NAME_MAX = 64, /* ub-common-name of RFC 5280 */
};

EVP_PKEY *key_make(void)
{
	return EVP_EC_gen("P-256");
}

bool domain_is_ascii(const char *domain)
{
	char ascii[DOMAIN_SIZE];
	struct domain normal;

	return domain_normalise(str_of(domain), &normal) == 0 &&
	       domain_to_ascii(domain_str(&normal), ascii, sizeof(ascii)) == 0 && strcmp(ascii, domain) == 0;
}

static bool set_serial(X509 *cert)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;
	bool is_good;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, and always of the same length */
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	is_good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return is_good;
}

static bool set_subject(X509 *cert, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(cert);

	/* A longer one has no place there. What counts is in the subjectAltName, critical where the subject is empty. */
	if (strlen(common_name) > COMMON_NAME_MAX)
		return true;
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) ==
	       1;
}

static bool add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	bool is_good;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	if (!(ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)))
		return false;
	is_good = X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return is_good;
}

static GENERAL_NAME *dns_name(const char *domain)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (!name || !text || !ASN1_STRING_set(text, domain, -1)) {
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(text);
		return NULL;
	}
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	return name;
}

static bool push_name(GENERAL_NAMES *names, GENERAL_NAME *name)
{
	if (name && sk_GENERAL_NAME_push(names, name))
		return true;
	GENERAL_NAME_free(name);
	return false;
}

/* DNS-ID alone, which every server looks for (RFC 9525 §2): ejabberd 23.01 ends the stream over an XmppAddr that it cannot decode. */
static bool push_domain(GENERAL_NAMES *names, const char *domain)
{
	return push_name(names, dns_name(domain));
}

static bool add_names(X509 *cert, const struct make *make)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	const int is_critical = X509_NAME_entry_count(X509_get_subject_name(cert)) == 0;
	const bool is_good = names && push_domain(names, make->domain) &&
			     X509_add1_ext_i2d(cert, NID_subject_alt_name, names, is_critical, 0) == 1;

	GENERAL_NAMES_free(names);
	return is_good;
}

static bool permit_domain(NAME_CONSTRAINTS *constraints, const char *domain)
{
	GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();

	if (!tree)
		return false;
	GENERAL_NAME_free(tree->base);
	if ((tree->base = dns_name(domain)) && sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, tree))
		return true;
	GENERAL_SUBTREE_free(tree);
	return false;
}

static bool add_constraints(X509 *cert, const char *const *permit)
{
	NAME_CONSTRAINTS *constraints = NAME_CONSTRAINTS_new();
	bool is_good = constraints && (constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null());

	for (size_t i = 0; is_good && permit[i]; i++)
		is_good = permit_domain(constraints, permit[i]);
	is_good = is_good && X509_add1_ext_i2d(cert, NID_name_constraints, constraints, 1, 0) == 1;
	NAME_CONSTRAINTS_free(constraints);
	return is_good;
}

static bool add_ca_exts(X509 *cert, const struct make *make)
{
	return add_ext(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_ext(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_ext(cert, cert, NID_subject_key_identifier, "hash") &&
	       (!make->permit || !make->permit[0] || add_constraints(cert, make->permit));
}

static bool add_leaf_exts(X509 *cert, const struct make *make)
{
	return add_ext(cert, cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_ext(cert, cert, NID_key_usage, "critical,digitalSignature") &&
	       add_ext(cert, cert, NID_ext_key_usage, "serverAuth,clientAuth") && add_names(cert, make) &&
	       add_ext(cert, cert, NID_subject_key_identifier, "hash") &&
	       (!make->issuer || !X509_get0_subject_key_id(make->issuer) ||
		add_ext(cert, make->issuer, NID_authority_key_identifier, "keyid"));
}

/* Ed25519 and Ed448 sign without a separate hash. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448") ? NULL : EVP_sha256();
}

static bool fill(X509 *cert, const struct make *make)
{
	X509 *issuer = make->issuer ? make->issuer : cert;
	EVP_PKEY *signer = make->issuer ? make->issuer_key : make->key;

	return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) && set_subject(cert, make->common_name) &&
	       X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
	       ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)make->not_before_s) &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)make->not_after_s) && X509_set_pubkey(cert, make->key) == 1 &&
	       (make->domain ? add_leaf_exts(cert, make) : add_ca_exts(cert, make)) &&
	       X509_sign(cert, signer, digest_for(signer)) > 0;
}

X509 *cert_make(const struct make *make)
{
	X509 *cert = X509_new();

	if (cert && !fill(cert, make)) {
		X509_free(cert);
		cert = NULL;
	}
	return cert;
}
