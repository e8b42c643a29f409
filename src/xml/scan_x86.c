/* SPDX-License-Identifier: Apache-2.0
 * The scanner's loops with 16 bytes a step (SSE2, which every x86-64 has) and with 32 (AVX2, where the processor has it). */
#include "xml/scan.h"

#include "xml/chars.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <stdint.h>

#define AVX2 __attribute__((target("avx2")))

static __m128i load16(const unsigned char *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* Signed, a byte below blank is a control or no ASCII. */
static size_t text_sse2(const unsigned char *at, size_t p, size_t len)
{
	const __m128i blank = _mm_set1_epi8(' '), amp = _mm_set1_epi8('&'), angle = _mm_set1_epi8('>'), two = _mm_set1_epi8(2);
	const __m128i tab = _mm_set1_epi8('\t'), lf = _mm_set1_epi8('\n');

	for (; len - p >= 16; p += 16) {
		const __m128i v = load16(at + p);
		const __m128i low = _mm_andnot_si128(_mm_or_si128(_mm_cmpeq_epi8(v, tab), _mm_cmpeq_epi8(v, lf)),
						     _mm_cmplt_epi8(v, blank));
		/* `<` and `>` differ in one bit */
		const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(v, amp), _mm_cmpeq_epi8(_mm_or_si128(v, two), angle));
		const unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(low, marks));

		if (found)
			return p + (size_t)__builtin_ctz(found);
	}
	return scan_text_plain(at, p, len);
}

static size_t value_sse2(const unsigned char *at, size_t p, size_t len, unsigned char quote)
{
	const __m128i blank = _mm_set1_epi8(' '), amp = _mm_set1_epi8('&'), lt = _mm_set1_epi8('<');
	const __m128i end = _mm_set1_epi8((char)quote);

	for (; len - p >= 16; p += 16) {
		const __m128i v = load16(at + p);
		const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(v, amp), _mm_cmpeq_epi8(v, lt));
		const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(v, end), _mm_cmplt_epi8(v, blank));
		const unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(marks, ends));

		if (found)
			return p + (size_t)__builtin_ctz(found);
	}
	return scan_value_plain(at, p, len, quote);
}

const struct scan_loops scan_loops_sse2 = {"sse2", true, text_sse2, value_sse2, scan_wide_plain, NULL};

AVX2 static inline __m256i load32(const unsigned char *at)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

AVX2 static inline unsigned mask32(__m256i v)
{
	return (unsigned)_mm256_movemask_epi8(v);
}

AVX2 static inline __m256i text_marks(__m256i v)
{
	const __m256i blank = _mm256_set1_epi8(' '), amp = _mm256_set1_epi8('&'), angle = _mm256_set1_epi8('>');
	const __m256i tab = _mm256_set1_epi8('\t'), lf = _mm256_set1_epi8('\n');
	const __m256i low = _mm256_andnot_si256(_mm256_or_si256(_mm256_cmpeq_epi8(v, tab), _mm256_cmpeq_epi8(v, lf)),
						_mm256_cmpgt_epi8(blank, v));
	const __m256i angles = _mm256_cmpeq_epi8(_mm256_or_si256(v, _mm256_set1_epi8(2)), angle);

	return _mm256_or_si256(low, _mm256_or_si256(angles, _mm256_cmpeq_epi8(v, amp)));
}

AVX2 static size_t text_avx2(const unsigned char *at, size_t p, size_t len)
{
	unsigned found;

	for (; len - p >= 64; p += 64) {
		const __m256i a = text_marks(load32(at + p)), b = text_marks(load32(at + p + 32));

		if (mask32(_mm256_or_si256(a, b))) {
			found = mask32(a);
			return found ? p + (size_t)__builtin_ctz(found) : p + 32 + (size_t)__builtin_ctz(mask32(b));
		}
	}
	for (; len - p >= 32; p += 32) {
		if ((found = mask32(text_marks(load32(at + p)))))
			return p + (size_t)__builtin_ctz(found);
	}
	return scan_text_plain(at, p, len);
}

AVX2 static size_t value_avx2(const unsigned char *at, size_t p, size_t len, unsigned char quote)
{
	const __m256i blank = _mm256_set1_epi8(' '), amp = _mm256_set1_epi8('&'), lt = _mm256_set1_epi8('<');
	const __m256i end = _mm256_set1_epi8((char)quote);

	for (; len - p >= 32; p += 32) {
		const __m256i v = load32(at + p);
		const __m256i marks = _mm256_or_si256(_mm256_cmpeq_epi8(v, amp), _mm256_cmpeq_epi8(v, lt));
		const __m256i ends = _mm256_or_si256(_mm256_cmpeq_epi8(v, end), _mm256_cmpgt_epi8(blank, v));
		const unsigned found = mask32(_mm256_or_si256(marks, ends));

		if (found)
			return p + (size_t)__builtin_ctz(found);
	}
	return scan_value_plain(at, p, len, quote);
}

/* UTF-8 by three look-ups (Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte", 2021): two bytes
 * that follow each other are wrong in one of these ways, and the high and low half of the first and the high half of the
 * second each say in which ways they may be. */
enum {
	TOO_SHORT = 1 << 0,             /* lead, then no continuation */
	TOO_LONG = 1 << 1,              /* ASCII, then a continuation */
	OVERLONG_3 = 1 << 2,            /* E0, then 80..9F */
	TOO_LARGE = 1 << 3,             /* F4, then 90..BF; F5 and above */
	SURROGATE = 1 << 4,             /* ED, then A0..BF */
	OVERLONG_2 = 1 << 5,            /* C0 or C1 */
	OVERLONG_4 = 1 << 6,            /* F0, then 80..8F */
	TOO_LARGE_1000 = 1 << 6,        /* F5 and above, then 80..8F */
	TWO_CONTS = 1 << 7,             /* right where a longer character goes on: the lead decides */
	CARRY = TOO_SHORT | TOO_LONG | TWO_CONTS,
};

/* One row of 16 for both halves of a register; bits over 127 as the negative numbers they are. */
#define ROW(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))
#define BIT7 (-128)

AVX2 static inline __m256i high_nibbles(__m256i v)
{
	return _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
}

/* Non-zero where the pair of a byte in `prev1` and the one in `v` is wrong, or may be. */
AVX2 static inline __m256i utf8_pairs(__m256i v, __m256i prev1)
{
	enum { C = CARRY - 256, L = TOO_LONG, S = TOO_SHORT };
	const __m256i first_high = ROW(L, L, L, L, L, L, L, L, BIT7, BIT7, BIT7, BIT7, S | OVERLONG_2, S,
				       S | OVERLONG_3 | SURROGATE, S | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4);
	const int big = C | TOO_LARGE | TOO_LARGE_1000;
	const __m256i first_low = ROW(C | OVERLONG_3 | OVERLONG_2 | OVERLONG_4, C | OVERLONG_2, C, C, C | TOO_LARGE, (char)big,
				      (char)big, (char)big, (char)big, (char)big, (char)big, (char)big, (char)big,
				      (char)(big | SURROGATE), (char)big, (char)big);
	const int cont = TOO_LONG | OVERLONG_2 | BIT7;
	const __m256i second_high = ROW(S, S, S, S, S, S, S, S, (char)(cont | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4),
					(char)(cont | OVERLONG_3 | TOO_LARGE), (char)(cont | SURROGATE | TOO_LARGE),
					(char)(cont | SURROGATE | TOO_LARGE), S, S, S, S);
	const __m256i low = _mm256_and_si256(prev1, _mm256_set1_epi8(15));

	return _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(first_high, high_nibbles(prev1)),
						 _mm256_shuffle_epi8(first_low, low)),
				_mm256_shuffle_epi8(second_high, high_nibbles(v)));
}

/* Non-zero where the bytes at at[0..32) are no right UTF-8 after those at at[-3..0), or are U+FFFE or U+FFFF. */
AVX2 static inline __m256i utf8_errors(const unsigned char *at)
{
	const __m256i v = load32(at), prev1 = load32(at - 1), prev2 = load32(at - 2), prev3 = load32(at - 3);
	/* A third or fourth byte must go on: then two continuations in a row are right, and nothing else is. */
	const __m256i third = _mm256_subs_epu8(prev2, _mm256_set1_epi8(0xE0 - 0x80));
	const __m256i fourth = _mm256_subs_epu8(prev3, _mm256_set1_epi8(0xF0 - 0x80));
	const __m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(BIT7));
	const __m256i no_char = _mm256_and_si256(_mm256_and_si256(_mm256_cmpeq_epi8(prev2, _mm256_set1_epi8((char)0xEF)),
								  _mm256_cmpeq_epi8(prev1, _mm256_set1_epi8((char)0xBF))),
						 _mm256_cmpeq_epi8(_mm256_or_si256(v, _mm256_set1_epi8(1)),
								   _mm256_set1_epi8((char)0xBF)));

	return _mm256_or_si256(_mm256_xor_si256(must, utf8_pairs(v, prev1)), no_char);
}

/* Bytes that are ASCII and not plain in both text and values. */
AVX2 static inline __m256i wide_marks(__m256i v)
{
	const __m256i angles = _mm256_cmpeq_epi8(_mm256_or_si256(v, _mm256_set1_epi8(2)), _mm256_set1_epi8('>'));
	const __m256i amps = _mm256_cmpeq_epi8(_mm256_or_si256(v, _mm256_set1_epi8(1)), _mm256_set1_epi8('\'')); /* & ' */
	const __m256i quotes = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
	const __m256i controls = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1F)), v);

	return _mm256_or_si256(_mm256_or_si256(angles, amps), _mm256_or_si256(quotes, controls));
}

/* Passes what is right 32 bytes at a time; the first that may not be is judged in plain C, from its character's begin. */
AVX2 static size_t wide_avx2(const unsigned char *at, size_t p, size_t len)
{
	const size_t begin = p;

	if (p < 3)
		return scan_wide_plain(at, p, len);
	for (; len - p >= 32; p += 32) {
		const unsigned errors = ~mask32(_mm256_cmpeq_epi8(utf8_errors(at + p), _mm256_setzero_si256()));
		const unsigned marks = mask32(wide_marks(load32(at + p)));

		/* A mark that nothing wrong stands before, nor is itself (a character that breaks off is found wrong behind it). */
		if (marks && (errors & (marks ^ (marks - 1))) == 0)
			return p + (size_t)__builtin_ctz(marks);
		if (errors | marks)
			break;
	}
	for (size_t back = 1; back <= 3 && back <= p - begin; back++) {
		if (at[p - back] >= 0xC0)
			return scan_wide_plain(at, p - back, len);
	}
	return scan_wide_plain(at, p, len);
}

enum {
	NAME_BYTES = 16, VALUE_BYTES = 32,
	ATTR_AHEAD = 1 + NAME_BYTES + 2 + VALUE_BYTES,  /* blank, name, equals sign, quote, value: what may be read at once */
};

/* The bytes of a name (CHAR_NAME) by the halves of each: bit 0 of the result is that of the first byte, and it is set for what is none. */
AVX2 static inline unsigned no_name16(const unsigned char *at)
{
	/* rows of ASCII: 1 `-` and `.`, 2 digits, 4 A..O and a..o, 8 P..Z and `_`, 16 p..z */
	const __m128i low = _mm_setr_epi8(2 | 8 | 16, 30, 30, 30, 30, 30, 30, 30, 30, 30, 4 | 8 | 16, 4, 4, 1 | 4, 1 | 4, 4 | 8);
	const __m128i high = _mm_setr_epi8(0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0);
	const __m128i v = load16(at);
	const __m128i rows = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(15)));

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_and_si128(_mm_shuffle_epi8(low, v), rows), _mm_setzero_si128()));
}

/* Where the value ends that begins at at[p], or what is not plain in it stands; p + VALUE_BYTES: not within those. */
AVX2 static inline size_t value_end32(const unsigned char *at, size_t p, unsigned char quote)
{
	const __m256i v = load32(at + p);
	const __m256i marks = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('&')), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('<')));
	const __m256i ends = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8((char)quote)),
					     _mm256_cmpgt_epi8(_mm256_set1_epi8(' '), v));

	return p + (size_t)__builtin_ctzll((uint64_t)mask32(_mm256_or_si256(marks, ends)) | (uint64_t)1 << VALUE_BYTES);
}

AVX2 static void attrs_avx2(struct scan *scan, const unsigned char *at, size_t len)
{
	unsigned count = scan->attr_count;
	size_t p = scan->pos;

	while (count < scan->attr_cap && len - p >= ATTR_AHEAD && at[p] == ' ' && char_is(at[p + 1], CHAR_START)) {
		struct scan_attr *attr = &scan->attrs[count];
		const size_t name = p + 1, end = name + (size_t)__builtin_ctz(no_name16(at + name) | 1u << NAME_BYTES);
		const unsigned char quote = at[end + 1];
		size_t value = end + 2, last;

		if (at[end] != '=' || (quote != '\'' && quote != '"'))
			break;
		last = value_end32(at, value, quote);
		if (last == value + VALUE_BYTES)
			last = value_avx2(at, last, len, quote);
		if (last == len || at[last] != quote)
			break;
		*attr = (struct scan_attr){
			.name = {.at = (uint32_t)name, .len = (uint32_t)(end - name), .local = (uint32_t)name},
			.value = (uint32_t)value, .value_len = (uint32_t)(last - value),
		};
		count++;
		p = last + 1;
		scan->has_gap = false;
	}
	scan->attr_count = count;
	scan->pos = p;
}

const struct scan_loops scan_loops_avx2 = {"avx2", true, text_avx2, value_avx2, wide_avx2, attrs_avx2};

#else

typedef int scan_x86_is_not_here;

#endif
