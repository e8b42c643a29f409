/* SPDX-License-Identifier: Apache-2.0
 * Moments of STANAG 4774 (xs:dateTime) and of SPIFs (also GeneralizedTime). */
#include "fixture.h"

#include "label/time_internal.h"

static int64_t parsed(const char *in)
{
	int64_t ms = -1;

	if (label_time_parse(str_of(in), &ms) < 0)
		fail_msg("%s was refused", in);
	return ms;
}

static void both_forms_are_read(void **state)
{
	(void)state;
	assert_int_equal(parsed("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(parsed("2026-06-01T00:00:00Z"), NOW_MS);
	assert_int_equal(parsed(" 2026-06-01T02:00:00.25+02:00\n"), NOW_MS + 250);
	assert_int_equal(parsed("2026-05-31T19:30:00-04:30"), NOW_MS);
	assert_int_equal(parsed("20260601000000Z"), NOW_MS);
	assert_int_equal(parsed("2015-08-02T14:06:20.9873126Z"), 1438524380987);
	assert_int_equal(parsed("2024-02-29T23:59:60Z"), 1709251200000);        /* a leap day with a leap second */
	assert_int_equal(parsed("1969-12-31T23:59:59Z"), -1000);
	assert_int_equal(parsed("0001-01-01T00:00:00Z"), -62135596800000);
}

static void what_is_no_moment_is_refused(void **state)
{
	static const char *const wrong[] = {"",
					    "2026",
					    "2026-06-01",
					    "2026-06-01T00:00:00" /* any zone */,
					    "2026-06-01 00:00:00Z",
					    "2026-13-01T00:00:00Z",
					    "2026-00-01T00:00:00Z",
					    "2026-02-29T00:00:00Z",
					    "2100-02-29T00:00:00Z",
					    "2026-06-31T00:00:00Z",
					    "2026-06-01T24:00:00Z",
					    "2026-06-01T00:60:00Z",
					    "2026-06-01T00:00:61Z",
					    "2026-06-01T00:00:00.Z",
					    "2026-06-01T00:00:00+15:00",
					    "2026-06-01T00:00:00Zx",
					    "-2026-06-01T00:00:00Z",
					    "0000-06-01T00:00:00Z",
					    "20260601000000",
					    "202606010000Z",
					    "2026-06-01T00:00:00+0200",
					    "2026-6-1T00:00:00Z",
					    "+026-06-01T00:00:00Z"};
	int64_t ms;

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (label_time_parse(str_of(wrong[i]), &ms) != TRUNK_EINVAL)
			fail_msg("%s was taken", wrong[i]);
}

static void every_day_comes_back(void **state)
{
	const int64_t first = -62135596800000, last = 253402300799000;
	char out[LABEL_TIME_SIZE];
	int64_t ms;

	(void)state;
	for (ms = first; ms <= last; ms += 86400000 * (int64_t)9973 + 12345000) {
		assert_int_equal(label_time_write(ms, out), 0);
		assert_int_equal(parsed(out), ms);
	}
	assert_int_equal(label_time_write(last, out), 0);
	assert_string_equal(out, "9999-12-31T23:59:59Z");
	assert_int_equal(label_time_write(last + 1000, out), TRUNK_EINVAL);
	assert_int_equal(label_time_write(first - 1, out), TRUNK_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_forms_are_read),
		TEST(what_is_no_moment_is_refused),
		TEST(every_day_comes_back),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
