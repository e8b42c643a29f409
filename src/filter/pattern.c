/* SPDX-License-Identifier: Apache-2.0
 * The patterns of Lua, tried step by step. Same answers as Lua's own, held against it by a fuzz target; but each step is counted,
 * since a pattern such as a?a?a?aaa takes time exponential in its length. */
#include "filter/pattern.h"

#include <stdio.h>

typedef const char *match_fn(struct pattern *m, const char *s, const char *p);
static match_fn match;

static const char *subject_end(const struct pattern *m)
{
	return m->subject.at + m->subject.len;
}

static const char *pattern_end(const struct pattern *m)
{
	return m->pattern.at + m->pattern.len;
}

/* What stands at `p`; NUL at the end, as Lua's strings have it. */
static char peek(const struct pattern *m, const char *p)
{
	return p < pattern_end(m) ? *p : '\0';
}

static const char *fail(struct pattern *m, const char *error)
{
	if (!*m->error)
		snprintf(m->error, sizeof(m->error), "%s", error);
	return NULL;
}

static bool is_broken(const struct pattern *m)
{
	return m->is_over || *m->error;
}

/* False: no more. */
static bool step(struct pattern *m, uint64_t steps)
{
	m->steps += steps;
	if (m->steps > m->steps_max)
		m->is_over = true;
	return !m->is_over;
}

/* ---- one character ---- */

static bool is_between(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

static bool is_alpha(unsigned char c)
{
	return is_between(c | 0x20, 'a', 'z');
}

static bool is_digit(unsigned char c)
{
	return is_between(c, '0', '9');
}

static bool is_graph(unsigned char c)
{
	return is_between(c, 0x21, 0x7e);
}

/* The classes of the C locale, whatever the process has. */
static bool class_has(unsigned char c, unsigned char name)
{
	bool is_in;

	switch (is_alpha(name) ? name | 0x20 : name) {
	case 'a': is_in = is_alpha(c); break;
	case 'c': is_in = c < 0x20 || c == 0x7f; break;
	case 'd': is_in = is_digit(c); break;
	case 'g': is_in = is_graph(c); break;
	case 'l': is_in = is_between(c, 'a', 'z'); break;
	case 'p': is_in = is_graph(c) && !is_alpha(c) && !is_digit(c); break;
	case 's': is_in = c == ' ' || is_between(c, '\t', '\r'); break;
	case 'u': is_in = is_between(c, 'A', 'Z'); break;
	case 'w': is_in = is_alpha(c) || is_digit(c); break;
	case 'z': is_in = c == 0; break;
	case 'x': is_in = is_digit(c) || is_between(c | 0x20, 'a', 'f'); break;
	default: return name == c;
	}
	return is_between(name, 'A', 'Z') ? !is_in : is_in;
}

/* Behind the single-character class that begins at `p`; NULL: malformed. */
static const char *class_end(struct pattern *m, const char *p)
{
	const char *end = pattern_end(m);
	const char first = *p++;

	if (first == '%')
		return p < end ? p + 1 : fail(m, "malformed pattern (ends with '%')");
	if (first != '[')
		return p;
	if (peek(m, p) == '^')
		p++;
	do {
		if (p == end)
			return fail(m, "malformed pattern (missing ']')");
		if (*p++ == '%' && p < end)
			p++;
	} while (peek(m, p) != ']');
	return p + 1;
}

/* `p` at '[', `last` at its ']'. */
static bool set_has(unsigned char c, const char *p, const char *last)
{
	bool is_in = true;

	if (p[1] == '^') {
		is_in = false;
		p++;
	}
	while (++p < last) {
		if (*p == '%') {
			if (class_has(c, (unsigned char)*++p))
				return is_in;
		} else if (p[1] == '-' && p + 2 < last) {
			p += 2;
			if (is_between(c, (unsigned char)p[-2], (unsigned char)*p))
				return is_in;
		} else if ((unsigned char)*p == c) {
			return is_in;
		}
	}
	return !is_in;
}

/* `end`: behind the class that begins at `p`. */
static bool single_fits(struct pattern *m, const char *s, const char *p, const char *end)
{
	if (s >= subject_end(m) || !step(m, 1 + (uint64_t)(end - p) / 8))
		return false;
	switch (*p) {
	case '.': return true;
	case '%': return class_has((unsigned char)*s, (unsigned char)p[1]);
	case '[': return set_has((unsigned char)*s, p, end - 1);
	default: return *p == *s;
	}
}

/* ---- items ---- */

static const char *match_balance(struct pattern *m, const char *s, const char *p)
{
	unsigned long depth = 1;
	const char *begin = s;

	if (pattern_end(m) - p < 2)
		return fail(m, "malformed pattern (missing arguments to '%b')");
	if (s >= subject_end(m) || *s != *p)
		return NULL;
	while (++s < subject_end(m)) {
		if (*s == p[1]) {
			if (--depth == 0)
				break;
		} else if (*s == *p) {
			depth++;
		}
	}
	step(m, (uint64_t)(s - begin) / 4);
	return s < subject_end(m) ? s + 1 : NULL;
}

static const char *match_most(struct pattern *m, const char *s, const char *p, const char *end)
{
	ptrdiff_t i = 0;
	const char *found;

	while (single_fits(m, s + i, p, end))
		i++;
	for (; i >= 0 && !is_broken(m); i--)
		if ((found = match(m, s + i, end + 1)))
			return found;
	return NULL;
}

static const char *match_least(struct pattern *m, const char *s, const char *p, const char *end)
{
	const char *found;

	while (!is_broken(m)) {
		if ((found = match(m, s, end + 1)))
			return found;
		if (is_broken(m) || !single_fits(m, s, p, end))
			return NULL;
		s++;
	}
	return NULL;
}

static const char *capture_begin(struct pattern *m, const char *s, const char *p, ptrdiff_t what)
{
	const char *found;

	if (m->capture_count >= PATTERN_CAPTURES_MAX)
		return fail(m, "too many captures");
	m->captures[m->capture_count++] = (struct pattern_capture){s, what};
	if (!(found = match(m, s, p)))
		m->capture_count--;
	return found;
}

static const char *capture_end(struct pattern *m, const char *s, const char *p)
{
	unsigned i = m->capture_count;
	const char *found;

	while (i > 0 && m->captures[i - 1].len != PATTERN_OPEN)
		i--;
	if (i == 0)
		return fail(m, "invalid pattern capture");
	m->captures[i - 1].len = s - m->captures[i - 1].at;
	if (!(found = match(m, s, p)))
		m->captures[i - 1].len = PATTERN_OPEN;
	return found;
}

static const char *match_capture(struct pattern *m, const char *s, char digit)
{
	const struct pattern_capture *capture = m->captures + (digit == '0' ? 0 : digit - '1');

	if (digit == '0' || digit - '0' > (int)m->capture_count || capture->len == PATTERN_OPEN) {
		char error[64];

		snprintf(error, sizeof(error), "invalid capture index %%%d", (int)(digit - '0'));
		return fail(m, error);
	}
	if (capture->len < 0 || subject_end(m) - s < capture->len || !step(m, 1 + (uint64_t)capture->len / 16))
		return NULL;
	return memcmp(capture->at, s, (size_t)capture->len) == 0 ? s + capture->len : NULL;
}

/* "%f[set]". Returns where the pattern goes on. */
static const char *match_frontier(struct pattern *m, const char *s, const char *p)
{
	const char before = s == m->subject.at ? '\0' : s[-1], after = s == subject_end(m) ? '\0' : *s;
	const char *end;

	if (peek(m, p) != '[')
		return fail(m, "missing '[' after '%f' in pattern");
	if (!(end = class_end(m, p)) || !step(m, 1 + (uint64_t)(end - p) / 4))
		return NULL;
	return !set_has((unsigned char)before, p, end - 1) && set_has((unsigned char)after, p, end - 1) ? end : NULL;
}

/* ---- the whole ---- */

/* A single-character class with what follows it. True: `*s` and `*p` went on, and the caller does. */
static bool match_single(struct pattern *m, const char **s, const char **p)
{
	const char *end = class_end(m, *p), *found;
	char suffix;

	if (!end) {
		*s = NULL;
		return false;
	}
	suffix = peek(m, end);
	if (!single_fits(m, *s, *p, end)) {
		if (!is_broken(m) && (suffix == '*' || suffix == '?' || suffix == '-')) {
			*p = end + 1;
			return true;
		}
		*s = NULL;
		return false;
	}
	switch (suffix) {
	case '?':
		found = match(m, *s + 1, end + 1);
		if (!found && !is_broken(m)) {
			*p = end + 1;
			return true;
		}
		*s = found;
		return false;
	case '+':
		*s = match_most(m, *s + 1, *p, end);
		return false;
	case '*':
		*s = match_most(m, *s, *p, end);
		return false;
	case '-':
		*s = match_least(m, *s, *p, end);
		return false;
	default:
		(*s)++;
		*p = end;
		return true;
	}
}

/* "%b", "%f", "%1" … True as above. */
static bool match_escape(struct pattern *m, const char **s, const char **p)
{
	const char kind = peek(m, *p + 1);
	const char *found;

	switch (kind) {
	case 'b':
		*s = match_balance(m, *s, *p + 2);
		*p += 4;
		return *s != NULL;
	case 'f':
		if (!(found = match_frontier(m, *s, *p + 2)))
			*s = NULL;
		*p = found;
		return found != NULL;
	case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
		*s = match_capture(m, *s, kind);
		*p += 2;
		return *s != NULL;
	default:
		return match_single(m, s, p);
	}
}

static const char *match(struct pattern *m, const char *s, const char *p)
{
	bool goes_on = true;

	if (m->depth == 0)
		return fail(m, "pattern too complex");
	m->depth--;
	while (goes_on && p != pattern_end(m)) {
		if (!step(m, 1)) {
			s = NULL;
			break;
		}
		goes_on = false;
		if (*p == '(')
			s = peek(m, p + 1) == ')' ? capture_begin(m, s, p + 2, PATTERN_POSITION) : capture_begin(m, s, p + 1, PATTERN_OPEN);
		else if (*p == ')')
			s = capture_end(m, s, p + 1);
		else if (*p == '$' && p + 1 == pattern_end(m))
			s = s == subject_end(m) ? s : NULL;
		else if (*p == '%')
			goes_on = match_escape(m, &s, &p);
		else
			goes_on = match_single(m, &s, &p);
	}
	m->depth++;
	return is_broken(m) ? NULL : s;
}

bool pattern_at(struct pattern *pattern, size_t offset, size_t *ret_end)
{
	const char *end;

	pattern->capture_count = 0;
	pattern->depth = PATTERN_DEPTH_MAX;
	if (!step(pattern, 1) || !(end = match(pattern, pattern->subject.at + offset, pattern->pattern.at)))
		return false;
	*ret_end = (size_t)(end - pattern->subject.at);
	return true;
}

bool pattern_is_plain(struct str pattern)
{
	for (size_t i = 0; i < pattern.len; i++)
		if (memchr("^$*+?.([%-", pattern.at[i], 10))
			return false;
	return true;
}
