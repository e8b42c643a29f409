/* SPDX-License-Identifier: Apache-2.0
 * A borrowed run of bytes, never assumed to end in NUL. */
#ifndef TRUNK_BASE_STR_H
#define TRUNK_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *at;         /* NULL: absent; an empty string has at != NULL and len 0 */
	size_t len;
};

#define STR(literal) ((struct str){.at = "" literal, .len = sizeof(literal) - 1})
#define STR_NONE ((struct str){.at = NULL, .len = 0})
#define STR_ARG(s) (int)(s).len, (s).at         /* for "%.*s"; never with text of a peer */

static inline struct str str_of(const char *cstr)
{
	return (struct str){.at = cstr, .len = cstr ? strlen(cstr) : 0};
}

static inline struct str str_make(const char *at, size_t len)
{
	return (struct str){.at = at, .len = len};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool str_is(struct str a, const char *cstr)
{
	return str_eq(a, str_of(cstr));
}

static inline bool str_is_absent(struct str s)
{
	return s.at == NULL;
}

static inline struct str str_from(struct str s, size_t offset)
{
	return offset >= s.len ? str_make(s.at + s.len, 0) : str_make(s.at + offset, s.len - offset);
}

static inline struct str str_until(struct str s, size_t end)
{
	return str_make(s.at, end < s.len ? end : s.len);
}

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_eq_nocase(struct str a, struct str b);         /* ASCII letters only */

/* Offset of the first `c`, or s.len where there is none. */
size_t str_find(struct str s, char c);

/* Without leading and trailing blank, tab, CR and LF. */
struct str str_trim(struct str s);

/* Cuts `*rest` at the first `sep`: returns what stands before it and leaves what stands behind it in `*rest`; where there
 * is no `sep`, returns all and leaves `*rest` absent. */
struct str str_cut(struct str *rest, char sep);

/* The character of UTF-8 that `s` begins with. Returns its length, or 0 where there is none: no overlong form, no surrogate, nothing
 * above U+10FFFF (RFC 3629 §4). */
size_t str_first_char(struct str s, uint32_t *ret_char);

/* A decimal number without sign, blanks or overflow, at most `max`. Returns 0 or TRUNK_EINVAL. */
int str_number(struct str s, uint64_t max, uint64_t *ret_number);

/* A copy that ends in NUL, owned by the caller (free()); NULL: no memory. */
char *str_dup(struct str s);

#endif
