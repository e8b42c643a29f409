/* SPDX-License-Identifier: Apache-2.0
 * Splits and checks addresses (RFC 7622). */
#include "name/name.h"

#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include <errno.h>

/* What a localpart may not hold besides controls: the signs that RFC 7622 §3.3.1 names, and the blank, which is outside of its
 * PRECIS class. Bytes above 0x7f are judged as UTF-8, by is_text(). */
static const bool is_not_local[256] = {
	[' '] = true, ['"'] = true, ['&'] = true, ['\''] = true, ['/'] = true,
	[':'] = true, ['<'] = true, ['>'] = true, ['@'] = true,
};

/* Whether `s` is UTF-8 without the controls U+0080 to U+009F. */
static bool is_text(struct str s)
{
	if (u8_check((const uint8_t *)s.at, s.len))
		return false;
	for (size_t i = 0; i + 1 < s.len; i++)
		if ((unsigned char)s.at[i] == 0xc2 && (unsigned char)s.at[i + 1] < 0xa0)
			return false;
	return true;
}

/* Eight bytes: has one of them its upper bit, or is one a control? Each sum stays within its byte where no upper bit is set. */
static bool has_special(uint64_t eight)
{
	const uint64_t ones = 0x0101010101010101u, tops = ones << 7;

	return (eight | ~(eight + ones * (0x80 - ' ')) | (eight + ones)) & tops;
}

/* Whether all of an address is ASCII without controls, as nearly all are: eight bytes at a time. */
static bool is_plain(struct str s)
{
	size_t i = 0;
	uint64_t eight;

	for (; s.len - i >= sizeof(eight); i += sizeof(eight)) {
		memcpy(&eight, s.at + i, sizeof(eight));
		if (has_special(eight))
			return false;
	}
	for (; i < s.len; i++)
		if ((unsigned)((unsigned char)s.at[i] - ' ') >= 0x7f - ' ')
			return false;
	return true;
}

static bool is_part(struct str s, bool is_local, bool is_known_plain)
{
	unsigned char high = 0;

	if (s.len == 0 || s.len > JID_PART_BYTES_MAX)
		return false;
	if (is_known_plain && !is_local)
		return true;
	for (size_t i = 0; i < s.len; i++) {
		const unsigned char c = (unsigned char)s.at[i];

		if (c < ' ' || c == 0x7f || (is_local && is_not_local[c]))
			return false;
		high |= c;
	}
	return high < 0x80 || is_text(s);
}

/* The order is that of RFC 7622 §3.2: a resourcepart may hold '@' and '/'. */
int jid_parse(struct str in, struct jid *ret_jid)
{
	struct jid jid = {.resource = in};
	struct str bare;
	bool plain;

	if (str_is_absent(in) || in.len > 3 * JID_PART_BYTES_MAX + 2)
		return TRUNK_EADDRESS;
	plain = is_plain(in);
	bare = str_cut(&jid.resource, '/');
	jid.domain = bare;
	jid.local = str_cut(&jid.domain, '@');
	if (str_is_absent(jid.domain)) {
		jid.domain = bare;
		jid.local = STR_NONE;
	}
	if (!is_part(jid.domain, false, plain))
		return TRUNK_EADDRESS;
	if (!str_is_absent(jid.local) && !is_part(jid.local, true, plain))
		return TRUNK_EADDRESS;
	if (!str_is_absent(jid.resource) && !is_part(jid.resource, false, plain))
		return TRUNK_EADDRESS;
	*ret_jid = jid;
	return 0;
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] >= 0x80)
			return false;
	return true;
}

/* What servers leave out of a localpart before they compare it (RFC 3454 §B.1), and what nobody sees. */
static bool is_left_out(ucs4_t c)
{
	enum { MONGOLIAN_SOFT_HYPHEN = 0x1806 };     /* which Unicode has as a sign that is seen */

	return c == MONGOLIAN_SOFT_HYPHEN || uc_is_property(c, UC_PROPERTY_DEFAULT_IGNORABLE_CODE_POINT);
}

/* Into `out`, without what is left out. Returns the length. */
static size_t reduce(struct str s, uint8_t out[static JID_PART_BYTES_MAX])
{
	size_t len = 0;
	int step;
	ucs4_t c;

	for (size_t at = 0; at < s.len; at += (size_t)step) {
		step = u8_mbtouc(&c, (const uint8_t *)s.at + at, s.len - at);
		if (is_left_out(c))
			continue;
		memcpy(out + len, s.at + at, (size_t)step);
		len += (size_t)step;
	}
	return len;
}

int jid_local_same(struct str a, struct str b)
{
	uint8_t one[JID_PART_BYTES_MAX], other[JID_PART_BYTES_MAX];
	int order;

	if (is_ascii(a) && is_ascii(b))
		return str_eq_nocase(a, b);
	if (a.len > JID_PART_BYTES_MAX || b.len > JID_PART_BYTES_MAX)
		return 0;
	if (u8_casecmp(one, reduce(a, one), other, reduce(b, other), NULL, UNINORM_NFKC, &order) < 0)
		return errno == ENOMEM ? TRUNK_ENOMEM : 0;
	return order == 0;
}
