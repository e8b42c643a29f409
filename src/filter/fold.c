/* SPDX-License-Identifier: Apache-2.0
 * Character by character, so that no length of text costs more than its length. */
#include "filter/fold.h"

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include <stdlib.h>

enum { PENDING_MAX = 4 * UC_DECOMPOSITION_MAX_LENGTH };

struct folder {
	struct buf *out;
	unsigned flags;
	bool has_blank;                 /* the last byte written is one; true at the beginning, where none is needed */
	int err;
};

struct lookalike {
	uint32_t c;
	char latin[3];
};

/* Sorted. Letters in lower case, after Unicode's list of confusable characters (UTS #39), as far as they are common. */
static const struct lookalike lookalikes[] = {
	{0xdf, "ss"}, {0xe6, "ae"}, {0xf0, "d"}, {0xf8, "o"}, {0xfe, "p"}, {0x111, "d"}, {0x127, "h"}, {0x131, "i"}, {0x138, "k"}, {0x142, "l"},
	{0x14b, "n"}, {0x153, "oe"}, {0x167, "t"}, {0x180, "b"}, {0x188, "c"}, {0x192, "f"}, {0x199, "k"}, {0x19a, "l"}, {0x19e, "n"},
	{0x1a5, "p"}, {0x1ab, "t"}, {0x1ad, "t"}, {0x1b4, "y"}, {0x1b6, "z"}, {0x1c0, "l"}, {0x237, "j"}, {0x23c, "c"}, {0x247, "e"},
	{0x249, "j"}, {0x24d, "r"}, {0x24f, "y"}, {0x250, "a"}, {0x251, "a"}, {0x253, "b"}, {0x256, "d"}, {0x257, "d"}, {0x258, "e"}, {0x25b, "e"},
	{0x260, "g"}, {0x261, "g"}, {0x262, "g"}, {0x266, "h"}, {0x268, "i"}, {0x269, "i"}, {0x26a, "i"}, {0x26b, "l"}, {0x26f, "m"},
	{0x271, "m"}, {0x272, "n"}, {0x273, "n"}, {0x274, "n"}, {0x275, "o"}, {0x27d, "r"}, {0x280, "r"}, {0x282, "s"}, {0x288, "t"}, {0x289, "u"},
	{0x28b, "u"}, {0x28f, "y"}, {0x290, "z"}, {0x299, "b"}, {0x29c, "h"}, {0x29f, "l"}, {0x3b1, "a"}, {0x3b2, "b"}, {0x3b3, "y"},
	{0x3b5, "e"}, {0x3b7, "n"}, {0x3b9, "i"}, {0x3ba, "k"}, {0x3bc, "u"}, {0x3bd, "v"}, {0x3bf, "o"}, {0x3c1, "p"}, {0x3c2, "o"}, {0x3c3, "o"},
	{0x3c4, "t"}, {0x3c5, "u"}, {0x3c7, "x"}, {0x3c9, "w"}, {0x3f2, "c"}, {0x3f3, "j"}, {0x3f8, "p"}, {0x430, "a"}, {0x432, "b"},
	{0x433, "r"}, {0x435, "e"}, {0x43a, "k"}, {0x43c, "m"}, {0x43d, "h"}, {0x43e, "o"}, {0x43f, "n"}, {0x440, "p"}, {0x441, "c"}, {0x442, "t"},
	{0x443, "y"}, {0x445, "x"}, {0x44a, "b"}, {0x44c, "b"}, {0x454, "e"}, {0x455, "s"}, {0x456, "i"}, {0x458, "j"}, {0x461, "w"},
	{0x475, "v"}, {0x491, "r"}, {0x49b, "k"}, {0x4a3, "h"}, {0x4ab, "c"}, {0x4af, "y"}, {0x4b3, "x"}, {0x4bb, "h"}, {0x4cf, "l"}, {0x4d9, "e"},
	{0x501, "d"}, {0x51b, "q"}, {0x51d, "w"}, {0x561, "w"}, {0x563, "q"}, {0x566, "q"}, {0x570, "h"}, {0x575, "j"}, {0x578, "n"},
	{0x57c, "n"}, {0x57d, "u"}, {0x581, "g"}, {0x585, "o"}, {0x5d5, "i"}, {0x5d8, "v"}, {0x5df, "i"}, {0x5e1, "o"}, {0x665, "o"}, {0x966, "o"},
	{0x10e7, "y"}, {0x10ff, "o"}, {0x1d00, "a"}, {0x1d04, "c"}, {0x1d05, "d"}, {0x1d07, "e"}, {0x1d0a, "j"}, {0x1d0b, "k"}, {0x1d0d, "m"},
	{0x1d0f, "o"}, {0x1d18, "p"}, {0x1d1b, "t"}, {0x1d1c, "u"}, {0x1d20, "v"}, {0x1d21, "w"}, {0x1d22, "z"}, {0x1d26, "r"}, {0x1d29, "p"},
	{0x1e9d, "f"}, {0x1eff, "y"}, {0x2c65, "a"}, {0x2c81, "a"}, {0x2c85, "r"}, {0x2c93, "i"}, {0x2c95, "k"}, {0x2c9f, "o"}, {0x2ca3, "p"},
	{0x2ca5, "c"}, {0x2ca7, "t"}, {0x2cad, "x"}, {0xa730, "f"}, {0xa731, "s"}, {0xa74b, "o"}, {0xab7a, "a"}, {0xab81, "r"},
};

/* Sorted. Capitals that look like another letter than their lower case does. */
static const struct lookalike capitals[] = {
	{0x392, "b"}, {0x395, "e"}, {0x396, "z"}, {0x397, "h"}, {0x39d, "n"}, {0x3a1, "p"}, {0x3a5, "y"}, {0x3a7, "x"}, {0x3a9, "o"}, {0x3f9, "c"},
	{0x3fa, "m"}, {0x406, "l"}, {0x4c0, "i"}, {0x531, "u"}, {0x54d, "u"}, {0x54f, "s"}, {0x555, "o"}, {0x13a0, "d"}, {0x13a1, "r"},
	{0x13a2, "t"}, {0x13a5, "i"}, {0x13a9, "y"}, {0x13aa, "a"}, {0x13ab, "j"}, {0x13ac, "e"}, {0x13b3, "w"}, {0x13b7, "m"}, {0x13bb, "h"},
	{0x13c0, "g"}, {0x13c2, "h"}, {0x13c3, "z"}, {0x13cf, "b"}, {0x13d2, "r"}, {0x13d4, "w"}, {0x13d5, "s"}, {0x13d9, "v"}, {0x13da, "s"},
	{0x13de, "l"}, {0x13df, "c"}, {0x13e2, "p"}, {0x13e6, "k"}, {0x13e7, "d"}, {0x13f4, "b"},
};

/* What nobody sees: Default_Ignorable_Code_Point, and signs of direction. Sorted ranges. */
static const struct {
	uint32_t first, last;
} unseen[] = {
	{0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f},
	{0x202a, 0x202e}, {0x2060, 0x206f}, {0x2800, 0x2800}, {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
	{0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

bool fold_is_unseen(uint32_t c)
{
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]) && unseen[i].first <= c; i++)
		if (c <= unseen[i].last)
			return true;
	return false;
}

static int compare(const void *key, const void *at)
{
	const uint32_t a = *(const uint32_t *)key, b = ((const struct lookalike *)at)->c;

	return (a > b) - (a < b);
}

#define LOOK_UP(table, c) look_up(table, sizeof(table) / sizeof((table)[0]), c)

static const char *look_up(const struct lookalike *table, size_t count, uint32_t c)
{
	const struct lookalike *found = bsearch(&c, table, count, sizeof(*table), compare);

	return found ? found->latin : NULL;
}

/* ---- writing ---- */

static void put(struct folder *folder, const char *at, size_t len)
{
	if (folder->err == 0)
		folder->err = buf_add(folder->out, str_make(at, len));
	folder->has_blank = false;
}

static void put_blank(struct folder *folder)
{
	if (folder->has_blank || (folder->flags & FOLD_SQUEEZE))
		return;
	put(folder, " ", 1);
	folder->has_blank = true;
}

static char leet(char c)
{
	static const char from[] = "4@3056$7189!|l+", to[] = "aaeosgstibgiiit";
	const char *found = memchr(from, c, sizeof(from) - 1);

	return found ? to[found - from] : c;
}

static void put_ascii(struct folder *folder, char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c | 0x20);
	if (folder->flags & FOLD_LEET)
		c = leet(c);
	if (c <= ' ' || c == 0x7f)
		put_blank(folder);
	else if (!(folder->flags & FOLD_SQUEEZE) || fold_is_word(c))
		put(folder, &c, 1);
}

static bool is_letter(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_Mc);
}

/* A character that cannot be taken apart further. */
static void put_simple(struct folder *folder, uint32_t c)
{
	const char *latin = folder->flags & FOLD_CAPITALS ? LOOK_UP(capitals, c) : NULL;
	uint8_t bytes[6];
	int len;

	if (!latin) {
		c = uc_tolower(c);
		latin = LOOK_UP(lookalikes, c);
	}
	for (; latin && *latin; latin++)
		put_ascii(folder, *latin);
	if (latin)
		return;
	if (c < 0x80)
		put_ascii(folder, (char)c);
	else if (!is_letter(c))
		put_blank(folder);
	else if ((len = u8_uctomb(bytes, c, sizeof(bytes))) > 0)
		put(folder, (const char *)bytes, (size_t)len);
}

static bool is_mark(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Me);
}

/* Letters in circles, squares and flags that Unicode does not take apart. */
static uint32_t unframe(uint32_t c)
{
	if (c >= 0x1f150 && c <= 0x1f169)
		return 'a' + (c - 0x1f150);
	if (c >= 0x1f170 && c <= 0x1f189)
		return 'a' + (c - 0x1f170);
	if (c >= 0x1f1e6 && c <= 0x1f1ff)
		return 'a' + (c - 0x1f1e6);
	return c;
}

static void put_char(struct folder *folder, uint32_t c)
{
	uint32_t pending[PENDING_MAX];
	size_t count = 0;

	pending[count++] = unframe(c);
	while (count) {
		ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
		int tag, n;

		c = pending[--count];
		if (fold_is_unseen(c) || is_mark(c))
			continue;
		if (c < 0x80)
			put_ascii(folder, (char)c);
		else if ((n = uc_decomposition(c, &tag, parts)) <= 0 || count + (size_t)n > PENDING_MAX)
			put_simple(folder, c);
		else
			while (n > 0)
				pending[count++] = parts[--n];
	}
}

/* Text that is ASCII goes straight to the buffer, which has room for as many bytes. Returns how many were read. */
static size_t put_ascii_run(struct folder *folder, struct str text)
{
	struct buf *out = folder->out;
	size_t i = 0, end;
	char *to;

	if (folder->flags & (FOLD_LEET | FOLD_SQUEEZE)) {
		put_ascii(folder, *text.at);
		return 1;
	}
	if ((folder->err = buf_reserve(out, text.len)) < 0)
		return 1;
	to = buf_space(out);
	for (end = 0; i < text.len && (unsigned char)text.at[i] < 0x80; i++) {
		const char c = text.at[i];

		if (c > ' ' && c != 0x7f) {
			to[end++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
			folder->has_blank = false;
		} else if (!folder->has_blank) {
			to[end++] = ' ';
			folder->has_blank = true;
		}
	}
	buf_grew(out, end);
	return i;
}

int fold_text(struct str text, unsigned flags, struct buf *out)
{
	struct folder folder = {.out = out, .flags = flags, .has_blank = true};

	if ((folder.err = buf_reserve(out, text.len)) < 0)
		return folder.err;
	while (text.len && folder.err == 0) {
		uint32_t c = ' ';
		size_t size = 1;

		if ((unsigned char)*text.at < 0x80) {
			size = put_ascii_run(&folder, text);
		} else {
			size = str_first_char(text, &c);
			put_char(&folder, size ? c : ' ');
			size = size ? size : 1;
		}
		text = str_from(text, size);
	}
	return folder.err;
}

uint64_t fold_steps(struct str text)
{
	uint64_t beyond = 0;

	for (size_t i = 0; i < text.len; i++)
		beyond += (unsigned char)text.at[i] >= 0x80;
	return 4 + text.len / 16 + 6 * beyond;
}
