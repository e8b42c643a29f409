/* SPDX-License-Identifier: Apache-2.0
 * Base64 as XEP-0258 writes it: with lines broken anywhere. */
#include "label/ber_internal.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* -1: none of the alphabet. */
static int digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* What is left of a last, short group: `digits` of its four were there. */
static int tail_check(unsigned digits, unsigned padding, uint32_t group, bool is_lenient)
{
	if (digits == 1 || (digits == 0 && padding > 0) || (digits > 0 && padding > 4 - digits))
		return TRUNK_EINVAL;
	if (digits > 0 && padding < 4 - digits && !(is_lenient && padding == 0))
		return TRUNK_EINVAL;
	return (digits == 2 && (group & 0xF)) || (digits == 3 && (group & 0x3)) ? TRUNK_EINVAL : 0;
}

int base64_decode(struct str text, bool is_lenient, struct buf *out)
{
	unsigned digits = 0, padding = 0;
	uint32_t group = 0;
	size_t len = 0;
	unsigned char *at;
	int err;

	if ((err = buf_reserve(out, text.len / 4 * 3 + 3)) < 0)
		return err;
	at = (unsigned char *)buf_space(out);
	for (size_t i = 0; i < text.len; i++) {
		const int digit = digit_of(text.at[i]);

		if (is_space(text.at[i]))
			continue;
		padding += text.at[i] == '=';
		if (text.at[i] == '=' && padding <= 2)
			continue;
		if (digit < 0 || padding > 0)
			return TRUNK_EINVAL;
		group = group << 6 | (unsigned)digit;
		if (++digits < 4)
			continue;
		at[len++] = (unsigned char)(group >> 16);
		at[len++] = (unsigned char)(group >> 8);
		at[len++] = (unsigned char)group;
		digits = 0;
		group = 0;
	}
	if ((err = tail_check(digits, padding, group, is_lenient)) < 0)
		return err;
	if (digits == 2)
		at[len++] = (unsigned char)(group >> 4);
	if (digits == 3) {
		at[len++] = (unsigned char)(group >> 10);
		at[len++] = (unsigned char)(group >> 2);
	}
	buf_grew(out, len);
	return 0;
}

int base64_encode(struct str bytes, struct buf *out)
{
	const unsigned char *at = (const unsigned char *)bytes.at;
	int err;

	if ((err = buf_reserve(out, (bytes.len + 2) / 3 * 4)) < 0)
		return err;
	for (size_t i = 0; i < bytes.len; i += 3) {
		const size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
		const uint32_t group =
			(uint32_t)at[i] << 16 | (have > 1 ? (uint32_t)at[i + 1] << 8 : 0) | (have > 2 ? at[i + 2] : 0);
		const char four[4] = {alphabet[group >> 18], alphabet[group >> 12 & 63],
				      have > 1 ? alphabet[group >> 6 & 63] : '=', have > 2 ? alphabet[group & 63] : '='};

		buf_add(out, str_make(four, 4));
	}
	return 0;
}
