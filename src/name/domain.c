/* SPDX-License-Identifier: Apache-2.0
 * Domains in the one form that is compared: a fast path for plain ASCII, libidn2 for the rest. */
#include "name/name.h"

#include <idn2.h>

#include <arpa/inet.h>
#include <stdlib.h>

enum {
	LABEL_BYTES_MAX = 63,  /* RFC 1035 §2.3.4, of A-labels */
	ASCII_BYTES_MAX = 253, /* the same limit of 255 octets on the wire, written with dots */
	IDN_FLAGS = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL,
};

/* The underscore is no character of host names, yet such names are in use. */
static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_label(struct str label)
{
	if (label.len == 0 || label.len > LABEL_BYTES_MAX || label.at[0] == '-' || label.at[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_label_char(label.at[i]))
			return false;
	return true;
}

/* Whether all labels are good as they stand; `ret_has_alabel` where one of them is an A-label. */
static bool is_ascii_domain(struct str s, bool *ret_has_alabel)
{
	bool has_alabel = false;

	if (s.len > ASCII_BYTES_MAX)
		return false;
	for (struct str rest = s; !str_is_absent(rest);) {
		const struct str label = str_cut(&rest, '.');

		if (!is_label(label))
			return false;
		has_alabel |= str_starts(label, STR("xn--"));
	}
	*ret_has_alabel = has_alabel;
	return true;
}

static bool is_ipv6_literal(struct str s)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;

	if (s.len < 4 || s.len - 2 >= sizeof(address) || s.at[0] != '[' || s.at[s.len - 1] != ']')
		return false;
	if (memchr(s.at, '\0', s.len))
		return false;
	memcpy(address, s.at + 1, s.len - 2);
	address[s.len - 2] = '\0';
	return inet_pton(AF_INET6, address, &parsed) == 1;
}

static int domain_set(struct domain *domain, struct str s)
{
	if (s.len == 0 || s.len >= DOMAIN_SIZE)
		return TRUNK_EADDRESS;
	memcpy(domain->at, s.at, s.len);
	domain->at[s.len] = '\0';
	domain->len = s.len;
	return 0;
}

/* Writes `s` with a NUL and ASCII letters in lower case; returns whether it was ASCII alone, without controls. */
static bool lower_copy(struct str s, char *ret_copy)
{
	bool is_ascii = true;

	for (size_t i = 0; i < s.len; i++) {
		const char c = s.at[i];

		is_ascii &= c > ' ' && c < 0x7f;
		ret_copy[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	ret_copy[s.len] = '\0';
	return is_ascii;
}

/* U-labels and A-labels alike become A-labels. What the mapping of UTS #46 gives is checked again, for it turns full-width
 * signs into '/' or '@' and drops characters until a label is empty. */
static int to_alabels(const char *name, char ret_ascii[static ASCII_BYTES_MAX + 1])
{
	uint8_t *mapped = NULL;
	int err = TRUNK_EADDRESS;
	struct str ascii;
	bool has_alabel;

	if (idn2_lookup_u8((const uint8_t *)name, &mapped, IDN_FLAGS) != IDN2_OK)
		return TRUNK_EADDRESS;
	ascii = str_of((const char *)mapped);
	if (is_ascii_domain(ascii, &has_alabel)) {
		memcpy(ret_ascii, ascii.at, ascii.len + 1);
		err = 0;
	}
	idn2_free(mapped);
	return err;
}

/* The form with U-labels, and only if it leads back to the same A-labels: else two spellings would be one domain to DNS and
 * two to us ("xn--abc-" decodes to "abc"). */
static int to_ulabels(const char *ascii, struct domain *ret_domain)
{
	char *unicode = NULL, again[ASCII_BYTES_MAX + 1];
	int err = TRUNK_EADDRESS;

	if (idn2_to_unicode_8z8z(ascii, &unicode, IDN_FLAGS) != IDN2_OK)
		return TRUNK_EADDRESS;
	if (to_alabels(unicode, again) == 0 && strcmp(again, ascii) == 0)
		err = domain_set(ret_domain, str_of(unicode));
	idn2_free(unicode);
	return err;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] <= ' ' || s.at[i] == 0x7f)
			return true;
	return false;
}

int domain_normalise(struct str in, struct domain *ret_domain)
{
	char lower[DOMAIN_SIZE], ascii[ASCII_BYTES_MAX + 1];
	bool is_ascii, has_alabel;
	int err;

	if (in.len > 0 && in.at[in.len - 1] == '.')
		in.len--;
	if (in.len == 0 || in.len >= DOMAIN_SIZE)
		return TRUNK_EADDRESS;
	if (in.at[0] == '[')
		return is_ipv6_literal(in) ? domain_set(ret_domain, in) : TRUNK_EADDRESS;

	is_ascii = lower_copy(in, lower);
	if (is_ascii && !is_ascii_domain(str_make(lower, in.len), &has_alabel))
		return TRUNK_EADDRESS;
	if (is_ascii && !has_alabel)
		return domain_set(ret_domain, str_make(lower, in.len));
	if (has_control(in))
		return TRUNK_EADDRESS;
	if ((err = to_alabels(lower, ascii)) < 0)
		return err;
	return to_ulabels(ascii, ret_domain);
}

int domain_to_ascii(struct str domain, char *ret_ascii, size_t size_bytes)
{
	char name[DOMAIN_SIZE], mapped[ASCII_BYTES_MAX + 1];
	struct str ascii = domain;
	bool has_alabel;
	int err;

	if (domain.len == 0 || domain.len >= DOMAIN_SIZE)
		return TRUNK_EADDRESS;
	if (!is_ascii_domain(domain, &has_alabel) && !is_ipv6_literal(domain)) {
		if (has_control(domain))
			return TRUNK_EADDRESS;
		memcpy(name, domain.at, domain.len);
		name[domain.len] = '\0';
		if ((err = to_alabels(name, mapped)) < 0)
			return err;
		ascii = str_of(mapped);
	}
	if (ascii.len >= size_bytes)
		return TRUNK_EADDRESS;
	memcpy(ret_ascii, ascii.at, ascii.len);
	ret_ascii[ascii.len] = '\0';
	return 0;
}

bool domain_fits(struct str domain, struct str pattern)
{
	if (str_is(pattern, "*"))
		return true;
	if (str_starts(pattern, STR("*.")))
		return domain.len >= pattern.len && str_ends(domain, str_from(pattern, 1));
	return str_eq(domain, pattern);
}

size_t domain_pattern_weight(struct str pattern)
{
	if (str_is(pattern, "*"))
		return 0;
	return str_starts(pattern, STR("*.")) ? pattern.len : DOMAIN_SIZE + pattern.len;
}
