/* SPDX-License-Identifier: Apache-2.0
 * A CA of ours that issues for trunked domains on the fly, within its name constraints. */
#include "tls/internal.h"

#include <openssl/err.h>

#include <stdlib.h>

enum { BACKDATE_S = 60 * 60 }; /* for peers whose clock is slow */

/* "example.org" stands for itself and all below it; the empty name for all (RFC 5280 §4.2.1.10). */
static bool is_below(const ASN1_STRING *base, struct str domain)
{
	const struct str tree = str_make((const char *)ASN1_STRING_get0_data(base), (size_t)ASN1_STRING_length(base));
	const struct str end = str_from(domain, domain.len > tree.len ? domain.len - tree.len : 0);

	if (tree.len == 0)
		return true;
	return str_eq_nocase(end, tree) && (end.len == domain.len || tree.at[0] == '.' || end.at[-1] == '.');
}

/* How many of the subtrees are of DNS, and whether the domain is in one of them. */
static size_t dns_trees(const STACK_OF(GENERAL_SUBTREE) *trees, struct str domain, bool *ret_is_in)
{
	size_t count = 0;

	*ret_is_in = false;
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); i++) {
		const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(trees, i)->base;

		if (base->type != GEN_DNS)
			continue;
		count++;
		*ret_is_in |= is_below(base->d.dNSName, domain);
	}
	return count;
}

bool ca_permits(X509 *ca, struct str domain)
{
	NAME_CONSTRAINTS *constraints;
	bool is_permitted, is_excluded;
	int critical;

	if (!(constraints = X509_get_ext_d2i(ca, NID_name_constraints, &critical, NULL)))
		return critical == -1; /* absent, not broken */
	if (dns_trees(constraints->permittedSubtrees, domain, &is_permitted) == 0)
		is_permitted = true;
	dns_trees(constraints->excludedSubtrees, domain, &is_excluded);
	NAME_CONSTRAINTS_free(constraints);
	return is_permitted && !is_excluded;
}

static bool path_permits(const STACK_OF(X509) *path, const char *domain)
{
	for (int i = 0; i < sk_X509_num(path); i++)
		if (!ca_permits(sk_X509_value(path, i), str_of(domain)))
			return false;
	return true;
}

/* Whether the CA names domains that it is for: without them it could speak for everybody. */
static bool is_constrained(X509 *ca)
{
	NAME_CONSTRAINTS *constraints = X509_get_ext_d2i(ca, NID_name_constraints, NULL, NULL);
	bool is_in;
	const bool has_dns = constraints && dns_trees(constraints->permittedSubtrees, STR(""), &is_in) > 0;

	NAME_CONSTRAINTS_free(constraints);
	return has_dns;
}

static bool may_sign(X509 *ca)
{
	return X509_check_ca(ca) == 1 && (X509_get_key_usage(ca) & KU_KEY_CERT_SIGN);
}

/* Things that leave the issuer unused until they are mended, while the daemon runs on. */
static void warn(const struct issuer *issuer, const char *file, int64_t wall_ms, struct problems *problems)
{
	char date[DATE_SIZE];

	text_of_date(X509_get0_notAfter(issuer->cert), date);
	if (!may_sign(issuer->cert))
		problem_add(problems, false,
			    "%s: its certificate is not that of a CA and issues nothing; make one with trunkctl ca init", file);
	else if (ms_of_time(X509_get0_notAfter(issuer->cert)) <= wall_ms)
		problem_add(problems, false, "%s: the CA ended %s and issues nothing; make a new one with trunkctl ca init",
			    file, date);
	else if (!issuer->is_any && !is_constrained(issuer->cert))
		problem_add(problems, false,
			    "%s: the CA has no name constraints and issues nothing; make one with trunkctl ca init "
			    "--permit DOMAIN, or set tls.issue-any: true",
			    file);
	else if (issuer->is_any)
		problem_add(problems, false, "%s: issues certificates for any domain (tls.issue-any)", file);
}

static bool set_sent(struct issuer *issuer)
{
	if (!(issuer->sent = sk_X509_new_null()))
		return false;
	for (int i = 0; i < sk_X509_num(issuer->path); i++) {
		X509 *cert = sk_X509_value(issuer->path, i);

		if (X509_self_signed(cert, 0) == 1)
			continue;
		if (!sk_X509_push(issuer->sent, cert))
			return false;
		X509_up_ref(cert);
	}
	return true;
}

/* The first certificate is the CA's; those behind it lead up to its root. */
static struct issuer *issuer_make(struct pem *pem, bool is_any)
{
	struct issuer *issuer = calloc(1, sizeof(*issuer));

	if (!issuer)
		return NULL;
	issuer->cert = sk_X509_value(pem->certs, 0);
	X509_up_ref(issuer->cert);
	issuer->path = pem->certs;
	issuer->key = pem->key;
	*pem = (struct pem){0};
	issuer->is_any = is_any;
	if (!set_sent(issuer) || !(issuer->leaf_key = key_make()))
		issuer_free(&issuer);
	return issuer;
}

int issuer_new(const char *file, bool is_any, int64_t wall_ms, struct problems *problems, struct issuer **ret_issuer)
{
	struct pem pem;
	int err = 0;

	if ((err = pem_read(file, problems, &pem)) < 0)
		return err;
	if (sk_X509_num(pem.certs) == 0 || !pem.key) {
		problem_add(problems, true, "%s: must hold the CA's certificate and its private key", file);
		err = TRUNK_EINVAL;
	} else if (X509_check_private_key(sk_X509_value(pem.certs, 0), pem.key) != 1) {
		problem_add(problems, true, "%s: the private key is not that of the first certificate", file);
		err = TRUNK_EINVAL;
	} else if (!(*ret_issuer = issuer_make(&pem, is_any))) {
		err = TRUNK_ENOMEM;
	}
	pem_fini(&pem);
	ERR_clear_error();
	if (err == 0)
		warn(*ret_issuer, file, wall_ms, problems);
	return err;
}

void issuer_free(struct issuer **issuer)
{
	struct issuer *it = *issuer;

	if (!it)
		return;
	*issuer = NULL;
	X509_free(it->cert);
	EVP_PKEY_free(it->key);
	EVP_PKEY_free(it->leaf_key);
	sk_X509_pop_free(it->path, X509_free);
	sk_X509_pop_free(it->sent, X509_free);
	free(it);
}

const char *issuer_refusal(const struct issuer *issuer, const char *domain, int64_t wall_ms)
{
	if (!may_sign(issuer->cert))
		return "the issuer's certificate is not that of a CA";
	if (ms_of_time(X509_get0_notAfter(issuer->cert)) <= wall_ms)
		return "the issuer's CA has ended";
	if (!issuer->is_any && !is_constrained(issuer->cert))
		return "the issuer's CA has no name constraints, and tls.issue-any is not set";
	return path_permits(issuer->path, domain) ? NULL : "the name constraints of the issuer's CA do not permit it";
}

int issuer_issue(const struct issuer *issuer, const char *domain, EVP_PKEY *key, int days, int64_t wall_ms, X509 **ret_cert)
{
	const int64_t ca_end_s = ms_of_time(X509_get0_notAfter(issuer->cert)) / 1000;
	const int64_t start_s = wall_ms / 1000 - BACKDATE_S, end_s = start_s + (int64_t)days * DAY_S;
	const struct make how = {
		.common_name = domain,
		.domain = domain,
		.issuer = issuer->cert,
		.issuer_key = issuer->key,
		.key = key,
		.not_before_s = start_s,
		.not_after_s = end_s < ca_end_s ? end_s : ca_end_s,
	};

	if (issuer_refusal(issuer, domain, wall_ms))
		return TRUNK_EPERM;
	*ret_cert = cert_make(&how);
	ERR_clear_error();
	return *ret_cert ? 0 : TRUNK_ECRYPTO;
}
