/* SPDX-License-Identifier: Apache-2.0
 * Takes text apart into tokens, and each token as what a reader might follow. When in doubt something is a link: a policy that allows
 * hosts by name then refuses. */
#include "filter/fold.h"
#include "filter/links.h"

/* ---- undoing what was done to hide ---- */

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* What a character stands for; 0: for itself. */
static char plain_of(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e)
		c = c - 0xff01 + '!';
	switch (c) {
	case 0x3002: case 0xff61: case 0x2024: case 0xfe52: case 0x00b7: case 0x2219: case 0x22c5: case 0x30fb: return '.';
	case 0x2044: case 0x2215: case 0x29f8: case 0x2571: return '/';
	case 0xfe55: case 0xa789: case 0x2236: case 0x0589: case 0x05c3: return ':';
	case '\\': return '/';
	case 0xa0: case 0x2028: case 0x2029: case 0x3000: return ' ';
	default: return c < 0x80 ? (char)c : '\0';
	}
}

/* "[.]", "(dot)", "{at}", "[://]": what stands in brackets, where it is a sign or its name. Returns the length of all. */
static size_t read_bracket(struct str text, struct str *ret_meaning)
{
	static const struct {
		const char *name, *meaning;
	} names[] = {{"dot", "."}, {"punkt", "."}, {"point", "."}, {"at", "@"}, {"colon", ":"}, {"slash", "/"}};
	const char close = *text.at == '[' ? ']' : *text.at == '(' ? ')' : '}';
	struct str inner = str_from(str_until(text, 12), 1);
	const size_t end = str_find(inner, close);

	if (end == inner.len || end == 0)
		return 0;
	inner = str_until(inner, end);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(str_trim(inner), str_of(names[i].name))) {
			*ret_meaning = str_of(names[i].meaning);
			return end + 2;
		}
	for (size_t i = 0; i < inner.len; i++)
		if (!memchr(".:/@ ", inner.at[i], 5))
			return 0;
	*ret_meaning = str_trim(inner);
	return ret_meaning->len ? end + 2 : 0;
}

static int add_plain(struct str text, struct buf *out)
{
	int err = 0;

	while (text.len && err == 0) {
		uint32_t c = 0;
		size_t run = 0, size;
		char plain;

		while (run < text.len && (unsigned char)text.at[run] < 0x80 && text.at[run] != '\\')
			run++;
		if ((err = buf_add(out, str_until(text, run))) < 0 || run == text.len)
			break;
		text = str_from(text, run);
		size = str_first_char(text, &c);
		plain = size ? plain_of(c) : ' ';

		if (plain)
			err = buf_add(out, str_make(&plain, 1));
		else if (size && !fold_is_unseen(c))
			err = buf_add(out, str_until(text, size));
		text = str_from(text, size ? size : 1);
	}
	return err;
}

int links_refang(struct str text, struct buf *out)
{
	struct buf plain = {.limit = out->limit};
	struct str rest, meaning;
	int err = add_plain(text, &plain);

	rest = buf_str(&plain);
	while (rest.len && err == 0) {
		size_t size = strchr("[({", *rest.at) && *rest.at ? read_bracket(rest, &meaning) : 0;

		if (size == 0) {
			for (size = 1; size < rest.len && rest.at[size] != '[' && rest.at[size] != '(' && rest.at[size] != '{';)
				size++;
			meaning = str_until(rest, size);
		}
		err = buf_add(out, meaning);
		rest = str_from(rest, size);
	}
	buf_fini(&plain);
	return err;
}

/* ---- tokens ---- */

static bool ends_token(char c)
{
	switch (c) {
	case '"': case '\'': case '`': case '<': case '>': case '|': case '^': case '{': case '}': return true;
	default: return c >= 0 && c <= ' ';
	}
}

static bool is_scheme_char(char c)
{
	return is_alnum(c) || c == '+' || c == '-' || c == '.' || c == '*';
}

static bool is_host_char(char c)
{
	return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '%' || (unsigned char)c >= 0x80;
}

static bool is_one_of(struct str word, const char *const *words)
{
	for (; *words; words++)
		if (str_eq_nocase(word, str_of(*words)))
			return true;
	return false;
}

/* Browsers take any number of slashes behind these; and people write hxxp, h**p. */
static bool is_web_scheme(struct str scheme)
{
	static const char *const web[] = {"http", "https", "ftp", "ftps", "ws", "wss", NULL};

	if ((scheme.len == 4 || scheme.len == 5) && (scheme.at[0] | 0x20) == 'h' && (scheme.at[3] | 0x20) == 'p')
		return scheme.len == 4 || (scheme.at[4] | 0x20) == 's';
	return is_one_of(scheme, web);
}

static bool is_hostless_scheme(struct str scheme)
{
	static const char *const known[] = {"javascript", "vbscript", "data", "file", "mailto", "xmpp", "tel", "sms", "sip", "sips", "magnet",
					    "bitcoin", "geo", "view-source", "about", "intent", "ms-msdt", "search-ms", "steam", "tg", "skype",
					    "callto", "facetime", "cid", "urn", "blob", "jar", "smb", NULL};

	return is_one_of(scheme, known);
}

/* The host at the beginning of `rest`, behind user and before port. */
static struct str read_host(struct str rest)
{
	struct str authority = rest;

	for (size_t i = 0; i < rest.len; i++)
		if (memchr("/?#", rest.at[i], 3)) {
			authority = str_until(rest, i);
			break;
		}
	for (size_t i = authority.len; i > 0; i--)
		if (authority.at[i - 1] == '@') {
			authority = str_from(authority, i);
			break;
		}
	if (authority.len && *authority.at == '[')
		return str_until(authority, str_find(authority, ']') + 1);
	authority = str_until(authority, str_find(authority, ':'));
	while (authority.len && memchr(".,;!)]", authority.at[authority.len - 1], 6))
		authority.len--;
	return authority;
}

/* Where a scheme that ends at `colon` begins. */
static size_t scheme_begin(struct str token, size_t colon)
{
	size_t at = colon;

	while (at > 0 && is_scheme_char(token.at[at - 1]))
		at--;
	while (at < colon && !((token.at[at] | 0x20) >= 'a' && (token.at[at] | 0x20) <= 'z'))
		at++;
	return at;
}

static size_t count_slashes(struct str s)
{
	size_t count = 0;

	while (count < s.len && s.at[count] == '/')
		count++;
	return count;
}

/* "scheme:…" or, at the beginning of a token, "//host": the first of them. */
static bool find_scheme(struct str token, bool is_begin, struct link_found *link)
{
	for (size_t colon = str_find(token, ':'); colon < token.len; colon += 1 + str_find(str_from(token, colon + 1), ':')) {
		const size_t begin = scheme_begin(token, colon), slashes = count_slashes(str_from(token, colon + 1));
		const struct str scheme = str_make(token.at + begin, colon - begin), rest = str_from(token, colon + 1 + slashes);

		if (scheme.len == 0 || rest.len == 0)
			continue;
		if (slashes >= 2 || is_web_scheme(scheme)) {
			*link = (struct link_found){.text = str_from(token, begin), .scheme = scheme, .host = read_host(rest)};
			return true;
		}
		if (is_hostless_scheme(scheme)) {
			*link = (struct link_found){.text = str_from(token, begin), .scheme = scheme, .host = STR_NONE};
			return true;
		}
	}
	if (is_begin && count_slashes(token) >= 2 && token.len > count_slashes(token) && is_host_char(token.at[count_slashes(token)])) {
		*link = (struct link_found){.text = token, .scheme = STR_NONE, .host = read_host(str_from(token, count_slashes(token)))};
		return true;
	}
	return false;
}

/* Whether it has a dot, and behind the last one letters (or an A-label), as top-level domains have. */
static bool is_host(struct str host)
{
	size_t dot = host.len;
	struct str last;

	while (dot > 0 && host.at[dot - 1] != '.')
		dot--;
	if (dot < 2)
		return false;
	last = str_from(host, dot);
	if (last.len < 2)
		return false;
	if (str_starts(last, STR("xn--")) || str_starts(last, STR("XN--")))
		return true;
	for (size_t i = 0; i < last.len; i++)
		if ((unsigned char)last.at[i] < 0x80 && !((last.at[i] | 0x20) >= 'a' && (last.at[i] | 0x20) <= 'z'))
			return false;
	return true;
}

/* A host without a scheme, alone or with a path, or in an address. The first in the token. */
static bool find_bare(struct str token, struct link_found *link)
{
	size_t begin = 0, end;

	for (; begin < token.len; begin = end + 1) {
		struct str host;

		for (end = begin; end < token.len && is_host_char(token.at[end]);)
			end++;
		host = str_make(token.at + begin, end - begin);
		while (host.len && memchr(".-", *host.at, 2))
			host = str_from(host, 1);
		while (host.len && memchr(".-", host.at[host.len - 1], 2))
			host.len--;
		if (!is_host(host))
			continue;
		*link = (struct link_found){.text = token, .scheme = STR_NONE, .host = host, .is_address = begin > 0 && token.at[begin - 1] == '@'};
		return true;
	}
	return false;
}

/* What follows a host in its token is a path, or ends its sentence. */
static bool find_link(struct str token, bool is_begin, struct link_found *link)
{
	if (token.len == 0)
		return false;
	return find_scheme(token, is_begin, link) || (!memchr("/?#:", *token.at, 4) && find_bare(token, link));
}

bool links_next(struct str refanged, size_t *offset, uint64_t *steps, struct link_found *ret_link)
{
	while (*offset < refanged.len) {
		const bool is_begin = *offset == 0 || ends_token(refanged.at[*offset - 1]);
		size_t begin = *offset, end;

		while (is_begin && begin < refanged.len && ends_token(refanged.at[begin]))
			begin++;
		for (end = begin; end < refanged.len && !ends_token(refanged.at[end]);)
			end++;
		*steps += end - *offset + 1;
		if (find_link(str_make(refanged.at + begin, end - begin), is_begin, ret_link)) {
			const struct str last = str_is_absent(ret_link->host) ? ret_link->scheme : ret_link->host;

			*offset = (size_t)(last.at + last.len - refanged.at);
			return true;
		}
		*offset = end + 1;
	}
	return false;
}
