/* SPDX-License-Identifier: Apache-2.0
 * BER as far as labels need it (X.690), and base64 with white space. */
#include "fixture.h"

#include "label/ber_internal.h"

static int items(struct fixture *f, const char *digits)
{
	struct str in = hex(f, digits);
	struct ber_item item;
	int count = 0;

	while (in.len > 0) {
		if (ber_next(&in, &item) < 0)
			return -1;
		count++;
	}
	return count;
}

/* X.690 §8.1.3 */
static void lengths_may_be_long_but_not_indefinite(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(items(f, "02 01 05"), 1);
	assert_int_equal(items(f, "02 81 01 05"), 1);
	assert_int_equal(items(f, "02 84 00 00 00 01 05"), 1);
	assert_int_equal(items(f, "02 01 05 06 00"), 2);
	assert_int_equal(items(f, "02 80 05 00 00"), -1);       /* indefinite */
	assert_int_equal(items(f, "02 85 00 00 00 00 01 05"), -1);
	assert_int_equal(items(f, "02 84 FF FF FF FF 05"), -1);
	assert_int_equal(items(f, "02 FF 05"), -1);
	assert_int_equal(items(f, "02 02 05"), -1);             /* cut short */
	assert_int_equal(items(f, "02 82 01"), -1);
	assert_int_equal(items(f, "02"), -1);
	assert_int_equal(items(f, "1F 81 01 05"), -1);          /* tag number over 30 */
}

static void the_only_item_has_nothing_behind_it(void **state)
{
	struct fixture *f = *state;
	struct str value;

	assert_int_equal(ber_only(hex(f, "31 03 02 01 05"), BER_SET, &value), 0);
	assert_int_equal(value.len, 3);
	assert_int_equal(ber_only(hex(f, "31 03 02 01 05 00"), BER_SET, &value), TRUNK_EINVAL);
	assert_int_equal(ber_only(hex(f, "30 03 02 01 05"), BER_SET, &value), TRUNK_EINVAL);
	assert_int_equal(ber_only(STR(""), BER_SET, &value), TRUNK_EINVAL);
}

static long long integer(struct fixture *f, const char *digits)
{
	uint32_t number;

	return ber_integer(hex(f, digits), &number) < 0 ? -1 : (long long)number;
}

static void integers_are_of_32_bits_and_not_negative(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(integer(f, "00"), 0);
	assert_int_equal(integer(f, "7F"), 127);
	assert_int_equal(integer(f, "00 80"), 128);
	assert_int_equal(integer(f, "01 2C"), 300);
	assert_int_equal(integer(f, "00 FF FF FF FF"), 4294967295);
	assert_int_equal(integer(f, "01 00 00 00 00"), -1);
	assert_int_equal(integer(f, "80"), -1);
	assert_int_equal(integer(f, "FF FF"), -1);
	assert_int_equal(integer(f, ""), -1);
	assert_int_equal(integer(f, "00 7F"), -1);      /* X.690 §8.3.2: not the shortest form */
	assert_int_equal(integer(f, "00 00 00 00 00 01"), -1);
}

static void bits_count_from_the_most_significant(void **state)
{
	struct fixture *f = *state;
	struct ber_bits bits;

	assert_int_equal(ber_bit_string(hex(f, "06 40"), &bits), 0);
	assert_int_equal(bits.count, 2);
	assert_false(ber_bit(&bits, 0));
	assert_true(ber_bit(&bits, 1));
	assert_false(ber_bit(&bits, 2));
	assert_int_equal(ber_bit_string(hex(f, "06 FF"), &bits), 0);
	assert_false(ber_bit(&bits, 2));                /* unused bits say nothing, whatever they are */
	assert_int_equal(ber_bit_string(hex(f, "00"), &bits), 0);
	assert_int_equal(bits.count, 0);
	assert_int_equal(ber_bit_string(hex(f, "08 40"), &bits), TRUNK_EINVAL);
	assert_int_equal(ber_bit_string(hex(f, "01"), &bits), TRUNK_EINVAL);
	assert_int_equal(ber_bit_string(STR(""), &bits), TRUNK_EINVAL);
}

static void object_identifiers_have_one_form(void **state)
{
	struct fixture *f = *state;

	assert_true(ber_is_oid(hex(f, "2B 06 01 04 01 81 FD 59 4D 01")));
	assert_false(ber_is_oid(STR("")));
	assert_false(ber_is_oid(hex(f, "2B 80 01")));   /* X.690 §8.19.2: a leading zero */
	assert_false(ber_is_oid(hex(f, "2B 81")));      /* cut short */
	assert_false(ber_is_oid(hex(f, "2B 80")));
}

static void oid_goes_both_ways(struct fixture *f, const char *dotted, const char *digits)
{
	struct str oid, back;

	assert_int_equal(oid_of_text(&f->arena, str_of(dotted), &oid), 0);
	assert_true(str_eq(oid, hex(f, digits)));
	assert_int_equal(oid_to_text(&f->arena, oid, &back), 0);
	assert_true(str_is(back, dotted));
}

static void object_identifiers_are_read_and_written(void **state)
{
	static const char *const wrong[] = {"", "1", "3.1", "1.40", "1.2.", "1..2", ".1.2", "1.2.x", "1.2 ", "1.02", "01.2",
		"1.2.99999999999999999999", "2.5.-1"};
	struct fixture *f = *state;
	struct str oid;

	oid_goes_both_ways(f, "1.3.6.1.4.1.32473.77.1", "2B 06 01 04 01 81 FD 59 4D 01");
	oid_goes_both_ways(f, "2.16.840.1.101.2.1.8.3.1", "60 86 48 01 65 02 01 08 03 01");
	oid_goes_both_ways(f, "0.39", "27");
	oid_goes_both_ways(f, "2.999.3", "88 37 03");
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (oid_of_text(&f->arena, str_of(wrong[i]), &oid) != TRUNK_EINVAL)
			fail_msg("%s was taken", wrong[i]);
	assert_int_equal(oid_of_text(&f->arena,
				     STR("1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1"
					 ".1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1"),
				     &oid),
			 TRUNK_EINVAL);
	/* An arc of more than 63 bits */
	assert_int_equal(oid_to_text(&f->arena, hex(f, "2B FF FF FF FF FF FF FF FF FF 7F"), &oid), TRUNK_EINVAL);
}

static void der_is(struct fixture *f, struct buf *out, const char *digits)
{
	assert_true(str_eq(buf_str(out), hex(f, digits)));
	buf_fini(out);
}

static void what_is_written_is_der(void **state)
{
	const uint32_t bits[] = {0, 1, 9};
	struct fixture *f = *state;
	struct buf out = {0};

	assert_int_equal(der_add_integer(&out, 0), 0);
	der_is(f, &out, "02 01 00");
	assert_int_equal(der_add_integer(&out, 128), 0);
	der_is(f, &out, "02 02 00 80");
	assert_int_equal(der_add_integer(&out, UINT32_MAX), 0);
	der_is(f, &out, "02 05 00 FF FF FF FF");
	assert_int_equal(der_add_bits(&out, bits, 3), 0);
	der_is(f, &out, "03 03 06 C0 40");
	assert_int_equal(der_add_bits(&out, bits, 0), 0);
	der_is(f, &out, "03 01 00");
	assert_int_equal(der_add(&out, BER_UTF8, str_make((const char[200]){0}, 200)), 0);
	assert_int_equal(buf_len(&out), 203);
	assert_true(str_eq(str_until(buf_str(&out), 3), hex(f, "0C 81 C8")));
	buf_fini(&out);
	assert_int_equal(der_add(&out, BER_UTF8, str_make(arena_alloc(&f->arena, 300), 300)), 0);
	assert_true(str_eq(str_until(buf_str(&out), 4), hex(f, "0C 82 01 2C")));
	buf_fini(&out);
}

/* How many bytes come out; -1: refused, with nothing added. */
static int decoded(const char *text_of, bool is_lenient)
{
	struct buf out = {0};
	const int err = base64_decode(str_of(text_of), is_lenient, &out);
	const int len = (int)buf_len(&out);

	assert_true(err == 0 || (err == TRUNK_EINVAL && len == 0));
	buf_fini(&out);
	return err ? -1 : len;
}

/* RFC 4648 §4; white space by XEP-0258's own examples. */
static void base64_may_be_broken_but_not_short(void **state)
{
	(void)state;
	assert_int_equal(decoded("", false), 0);
	assert_int_equal(decoded("Zm9vYg==", false), 4);
	assert_int_equal(decoded("Zm9v\r\n\tYmE =\n", false), 5);
	assert_int_equal(decoded("Zm9vYg=\n=", false), 4);
	assert_int_equal(decoded("Zm9vYg", false), -1);
	assert_int_equal(decoded("Zm9vYg", true), 4);
	assert_int_equal(decoded("Zm9vYmE", true), 5);
	assert_int_equal(decoded("Zm9vYg=", true), -1);
	assert_int_equal(decoded("Zm9vY", true), -1);           /* six bits are no byte */
	assert_int_equal(decoded("Zm9v=", true), -1);
	assert_int_equal(decoded("=", true), -1);
	assert_int_equal(decoded("Zm9vYg===", false), -1);
	assert_int_equal(decoded("Zg==Zg==", false), -1);       /* padding in the middle */
	assert_int_equal(decoded("Zm9vYg==Zm9w", false), -1);
	assert_int_equal(decoded("Zm9vYh==", false), -1);       /* bits that encode nothing */
	assert_int_equal(decoded("Zm9-Yg==", false), -1);       /* the alphabet of URLs */
	assert_int_equal(decoded("Zm9v\vYg==", false), -1);
	assert_int_equal(decoded("Z\xc3\xa4==", false), -1);
}

static void base64_is_written_with_padding(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(base64_encode(STR("foobar"), &out), 0);
	assert_int_equal(base64_encode(STR("f"), &out), 0);
	assert_int_equal(base64_encode(STR("\xff\xfe"), &out), 0);
	assert_int_equal(base64_encode(STR(""), &out), 0);
	assert_true(str_is(buf_str(&out), "Zm9vYmFyZg==//4="));
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lengths_may_be_long_but_not_indefinite),
		TEST(the_only_item_has_nothing_behind_it),
		TEST(integers_are_of_32_bits_and_not_negative),
		TEST(bits_count_from_the_most_significant),
		TEST(object_identifiers_have_one_form),
		TEST(object_identifiers_are_read_and_written),
		TEST(what_is_written_is_der),
		TEST(base64_may_be_broken_but_not_short),
		TEST(base64_is_written_with_padding),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
