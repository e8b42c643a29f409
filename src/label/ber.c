/* SPDX-License-Identifier: Apache-2.0
 * BER, read without trust and written as DER (X.690). */
#include "label/ber_internal.h"

int ber_next(struct str *in, struct ber_item *ret_item)
{
	const unsigned char *at = (const unsigned char *)in->at;
	size_t head = 2, len;

	if (in->len < 2 || (at[0] & 0x1F) == 0x1F)
		return TRUNK_EINVAL;
	len = at[1];
	if (len & 0x80) {
		const size_t octets = len & 0x7F;

		if (octets == 0 || octets > 4 || in->len < 2 + octets)
			return TRUNK_EINVAL;
		for (len = 0; head < 2 + octets; head++)
			len = len << 8 | at[head];
	}
	if (len > in->len - head)
		return TRUNK_EINVAL;
	*ret_item = (struct ber_item){.tag = at[0], .value = str_make(in->at + head, len)};
	*in = str_from(*in, head + len);
	return 0;
}

int ber_only(struct str in, uint8_t tag, struct str *ret_value)
{
	struct ber_item item;

	if (ber_next(&in, &item) < 0 || in.len > 0 || item.tag != tag)
		return TRUNK_EINVAL;
	*ret_value = item.value;
	return 0;
}

int ber_integer(struct str value, uint32_t *ret_number)
{
	const unsigned char *at = (const unsigned char *)value.at;
	uint64_t number = 0;

	if (value.len == 0 || value.len > 5 || (at[0] & 0x80))
		return TRUNK_EINVAL;
	if (value.len > 1 && at[0] == 0 && !(at[1] & 0x80))
		return TRUNK_EINVAL;
	for (size_t i = 0; i < value.len; i++)
		number = number << 8 | at[i];
	if (number > UINT32_MAX)
		return TRUNK_EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

bool ber_is_oid(struct str value)
{
	bool is_first = true;

	if (value.len == 0 || value.len > BER_OID_BYTES_MAX || ((unsigned char)value.at[value.len - 1] & 0x80))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		const unsigned char c = (unsigned char)value.at[i];

		if (is_first && c == 0x80)
			return false;
		is_first = !(c & 0x80);
	}
	return true;
}

int ber_bit_string(struct str value, struct ber_bits *ret_bits)
{
	const unsigned char *at = (const unsigned char *)value.at;

	if (value.len == 0 || at[0] > 7 || (value.len == 1 && at[0] > 0))
		return TRUNK_EINVAL;
	*ret_bits = (struct ber_bits){.at = at + 1, .count = (value.len - 1) * 8 - at[0]};
	return 0;
}

static size_t arc_put(uint64_t arc, char *at)
{
	size_t len = 1;

	for (uint64_t rest = arc >> 7; rest; rest >>= 7)
		len++;
	for (size_t i = len; i-- > 0; arc >>= 7)
		at[i] = (char)((arc & 0x7F) | (i + 1 < len ? 0x80 : 0));
	return len;
}

int oid_of_text(struct arena *arena, struct str text, struct str *ret_oid)
{
	const uint64_t max = INT64_MAX - 80;
	char der[BER_OID_BYTES_MAX];
	uint64_t first, arc;
	size_t len = 0;
	struct str rest = str_from(text, 2);

	if (text.len < 3 || text.at[1] != '.' || str_number(str_until(text, 1), 2, &first) < 0)
		return TRUNK_EINVAL;
	for (bool is_second = true; !str_is_absent(rest); is_second = false) {
		const struct str word = str_cut(&rest, '.');

		if (str_number(word, is_second && first < 2 ? 39 : max, &arc) < 0 || (word.len > 1 && word.at[0] == '0'))
			return TRUNK_EINVAL;
		if (len + 10 > sizeof(der))
			return TRUNK_EINVAL;
		len += arc_put(is_second ? first * 40 + arc : arc, der + len);
	}
	*ret_oid = arena_str(arena, str_make(der, len));
	return str_is_absent(*ret_oid) ? TRUNK_ENOMEM : 0;
}

int oid_to_text(struct arena *arena, struct str oid, struct str *ret_text)
{
	struct buf text = {0};
	uint64_t arc = 0;
	bool is_first = true;
	int err = ber_is_oid(oid) ? 0 : TRUNK_EINVAL;

	for (size_t i = 0; i < oid.len && !err; i++) {
		const unsigned char c = (unsigned char)oid.at[i];

		if (arc > (uint64_t)INT64_MAX >> 7) {
			err = TRUNK_EINVAL;
			break;
		}
		arc = arc << 7 | (c & 0x7F);
		if (c & 0x80)
			continue;
		if (is_first) {
			const uint64_t top = arc < 80 ? arc / 40 : 2;

			err = buf_addf(&text, "%u.%llu", (unsigned)top, (unsigned long long)(arc - top * 40));
		} else {
			err = buf_addf(&text, ".%llu", (unsigned long long)arc);
		}
		is_first = false;
		arc = 0;
	}
	if (!err && str_is_absent(*ret_text = arena_str(arena, buf_str(&text))))
		err = TRUNK_ENOMEM;
	buf_fini(&text);
	return err;
}

int der_add(struct buf *out, uint8_t tag, struct str value)
{
	char head[6] = {(char)tag};
	size_t len = 2;
	int err;

	if (value.len < 0x80) {
		head[1] = (char)value.len;
	} else {
		unsigned octets = value.len > 0xFFFFFF ? 4 : value.len > 0xFFFF ? 3 : value.len > 0xFF ? 2 : 1;

		if (value.len > UINT32_MAX)
			return TRUNK_ELIMIT;
		head[1] = (char)(0x80 | octets);
		while (octets-- > 0)
			head[len++] = (char)(value.len >> 8 * octets & 0xFF);
	}
	if ((err = buf_reserve(out, len + value.len)) < 0)
		return err;
	buf_add(out, str_make(head, len));
	return buf_add(out, value);
}

int der_add_integer(struct buf *out, uint32_t number)
{
	const char all[5] = {0, (char)(number >> 24), (char)(number >> 16), (char)(number >> 8), (char)number};
	size_t skip = 0;

	while (skip < 4 && all[skip] == 0 && !((unsigned char)all[skip + 1] & 0x80))
		skip++;
	return der_add(out, BER_INTEGER, str_make(all + skip, sizeof(all) - skip));
}

int der_add_bits(struct buf *out, const uint32_t *numbers, size_t count)
{
	const size_t bits = count ? (size_t)numbers[count - 1] + 1 : 0, octets = (bits + 7) / 8;
	struct buf value = {0};
	int err;

	if ((err = buf_reserve(&value, octets + 1)) < 0)
		return err;
	memset(buf_space(&value), 0, octets + 1);
	buf_space(&value)[0] = (char)(octets * 8 - bits);
	for (size_t i = 0; i < count; i++)
		buf_space(&value)[1 + numbers[i] / 8] |= (char)(0x80 >> numbers[i] % 8);
	buf_grew(&value, octets + 1);
	err = der_add(out, BER_BIT_STRING, buf_str(&value));
	buf_fini(&value);
	return err;
}
