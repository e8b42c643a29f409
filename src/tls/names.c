/* SPDX-License-Identifier: Apache-2.0
 * Reads and compares the names in a certificate (RFC 9525, RFC 6120 §13.7.1). */
#include "tls/names.h"

#include "name/name.h"

#include "tls/internal.h"

#include <stdio.h>
#include <stdlib.h>

static int names_add(struct cert_names *names, enum cert_name_kind kind, struct str text)
{
	const uint32_t offset = (uint32_t)buf_len(&names->text);
	int err;

	if (names->count == CERT_NAMES_MAX)
		return TRUNK_ECERT;
	if ((err = buf_add(&names->text, text)) < 0)
		return err;
	for (size_t i = 0; i < text.len; i++) {
		char *c = names->text.at + offset + i;

		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
	}
	names->at[names->count++] = (struct cert_name){kind, offset, (uint32_t)text.len};
	return 0;
}

static struct str str_of_asn1(const ASN1_STRING *string)
{
	const int len = ASN1_STRING_length(string);

	return str_make((const char *)ASN1_STRING_get0_data(string), len > 0 ? (size_t)len : 0);
}

/* NUL and controls make the whole certificate suspect: they are how names were made to look like others. */
static bool has_bad_byte(struct str s, bool is_ascii)
{
	for (size_t i = 0; i < s.len; i++) {
		const unsigned char c = (unsigned char)s.at[i];

		if (c < ' ' || c == 0x7f || (is_ascii && c > 0x7f))
			return true;
	}
	return false;
}

static int read_srv(struct cert_names *names, const ASN1_TYPE *value)
{
	const struct str service = STR("_xmpp-server.");
	struct str text;

	if (value->type != V_ASN1_IA5STRING)
		return 0;
	text = str_of_asn1(value->value.ia5string);
	if (has_bad_byte(text, true))
		return TRUNK_ECERT;
	if (!str_eq_nocase(str_until(text, service.len), service))
		return 0;
	return names_add(names, CERT_NAME_SRV, str_from(text, service.len));
}

static int read_xmpp(struct cert_names *names, const ASN1_TYPE *value)
{
	char ascii[DOMAIN_SIZE];
	struct domain domain;
	struct str text;

	if (value->type != V_ASN1_UTF8STRING)
		return 0;
	text = str_of_asn1(value->value.utf8string);
	if (has_bad_byte(text, false))
		return TRUNK_ECERT;
	if (domain_normalise(text, &domain) < 0 || domain_to_ascii(domain_str(&domain), ascii, sizeof(ascii)) < 0)
		return 0; /* a user's address, or nothing that could be a domain */
	return names_add(names, CERT_NAME_XMPP, str_of(ascii));
}

static int read_one(struct cert_names *names, const GENERAL_NAME *name)
{
	if (name->type == GEN_DNS) {
		const struct str text = str_of_asn1(name->d.dNSName);

		return has_bad_byte(text, true) ? TRUNK_ECERT : names_add(names, CERT_NAME_DNS, text);
	}
	if (name->type != GEN_OTHERNAME)
		return 0;
	switch (OBJ_obj2nid(name->d.otherName->type_id)) {
	case NID_SRVName:
		return read_srv(names, name->d.otherName->value);
	case NID_XmppAddr:
		return read_xmpp(names, name->d.otherName->value);
	default:
		return 0;
	}
}

static int read_all(struct cert_names *names, const GENERAL_NAMES *all)
{
	const int count = sk_GENERAL_NAME_num(all);
	int err = 0;

	if (count <= 0)
		return 0;
	if (count > CERT_NAMES_MAX)
		return TRUNK_ECERT;
	if (!(names->at = calloc((size_t)count, sizeof(*names->at))))
		return TRUNK_ENOMEM;
	for (int i = 0; i < count && err == 0; i++)
		err = read_one(names, sk_GENERAL_NAME_value(all, i));
	return err;
}

int cert_names_read(X509 *cert, struct cert_names *ret_names)
{
	struct cert_names names = {0};
	GENERAL_NAMES *all;
	int critical, err;

	if (!(all = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL))) {
		if (critical != -1) /* there, and twice or broken */
			return TRUNK_ECERT;
		*ret_names = names;
		return 0;
	}
	err = read_all(&names, all);
	GENERAL_NAMES_free(all);
	if (err < 0)
		cert_names_fini(&names);
	else
		*ret_names = names;
	return err;
}

void cert_names_fini(struct cert_names *names)
{
	free(names->at);
	buf_fini(&names->text);
	*names = (struct cert_names){0};
}

static struct str name_text(const struct cert_names *names, const struct cert_name *name)
{
	return str_make(names->text.at + names->text.start + name->offset, name->len);
}

/* "*.example.org" is one label more than the domain, in place of the star (RFC 9525 §6.3). A star before a single label
 * ("*.org") would speak for a whole registry and never fits. */
static bool is_wildcard_of(struct str pattern, struct str domain)
{
	const struct str suffix = str_from(pattern, 2), tail = str_from(domain, str_find(domain, '.'));

	if (!str_starts(pattern, STR("*.")) || str_find(suffix, '.') == suffix.len || suffix.at[0] == '.')
		return false;
	return tail.len > 1 && tail.len < domain.len && str_eq(str_from(tail, 1), suffix);
}

static bool is_ip_literal(struct str domain)
{
	const struct str last = str_from(domain, domain.len ? domain.len - 1 : 0);

	if (last.len == 0 || last.at[0] == ']')
		return true;
	for (size_t i = 0; i < domain.len; i++)
		if ((domain.at[i] < '0' || domain.at[i] > '9') && domain.at[i] != '.')
			return false;
	return true;
}

static int name_fit(struct str text, enum cert_name_kind kind, struct str domain)
{
	if (kind != CERT_NAME_DNS)
		return str_eq(text, domain) && (kind == CERT_NAME_XMPP || !is_ip_literal(domain)) ? CERT_FIT_OTHER : 0;
	if (is_ip_literal(domain))
		return 0;
	if (str_eq(text, domain))
		return CERT_FIT_DNS;
	return is_wildcard_of(text, domain) ? CERT_FIT_WILDCARD : 0;
}

int cert_names_fit(const struct cert_names *names, struct str domain)
{
	int best = 0;

	for (size_t i = 0; i < names->count; i++) {
		const int fit = name_fit(name_text(names, &names->at[i]), names->at[i].kind, domain);

		best = fit > best ? fit : best;
	}
	return best;
}

void cert_names_show(const struct cert_names *names, bool has_kinds, char *ret_text, size_t size_bytes)
{
	static const char *const kinds[] = {
		[CERT_NAME_DNS] = "dns:",
		[CERT_NAME_SRV] = "srv:",
		[CERT_NAME_XMPP] = "xmpp:",
	};
	enum { MORE_SIZE = sizeof(" and 1000 more") };

	ret_text[0] = '\0';
	for (size_t i = 0; i < names->count; i++) {
		const struct str text = name_text(names, &names->at[i]);

		if (strlen(ret_text) + text.len + sizeof(", xmpp:") + MORE_SIZE > size_bytes) {
			text_addf(ret_text, size_bytes, "%s%zu more", i ? " and " : "", names->count - i);
			return;
		}
		text_addf(ret_text, size_bytes, "%s%s%.*s", i ? ", " : "", has_kinds ? kinds[names->at[i].kind] : "",
			  STR_ARG(text));
	}
}
