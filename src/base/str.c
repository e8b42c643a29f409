/* SPDX-License-Identifier: Apache-2.0
 * Borrowed runs of bytes. */
#include "base/str.h"

#include "base/error.h"

#include <stdlib.h>

bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq(str_until(s, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	return true;
}

size_t str_find(struct str s, char c)
{
	const char *found = s.len ? memchr(s.at, c, s.len) : NULL;

	return found ? (size_t)(found - s.at) : s.len;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.len > 0 && is_blank(s.at[0]))
		s = str_from(s, 1);
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

struct str str_cut(struct str *rest, char sep)
{
	const struct str all = *rest;
	const size_t at = str_find(all, sep);

	*rest = at == all.len ? STR_NONE : str_from(all, at + 1);
	return str_until(all, at);
}

size_t str_first_char(struct str s, uint32_t *ret_char)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char lead = s.len ? (unsigned char)s.at[0] : 0;
	const size_t len = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
	uint32_t c = len == 1 ? lead : lead & (0x7fu >> len);

	if (len == 0 || len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s.at[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)s.at[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret_char = c;
	return len;
}

int str_number(struct str s, uint64_t max, uint64_t *ret_number)
{
	uint64_t n = 0;

	if (s.len == 0)
		return TRUNK_EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		const unsigned digit = (unsigned)(s.at[i] - '0');

		if (digit > 9 || digit > max || n > (max - digit) / 10)
			return TRUNK_EINVAL;
		n = n * 10 + digit;
	}
	*ret_number = n;
	return 0;
}

char *str_dup(struct str s)
{
	char *copy = malloc(s.len + 1);

	if (!copy)
		return NULL;
	if (s.len)
		memcpy(copy, s.at, s.len);
	copy[s.len] = '\0';
	return copy;
}
