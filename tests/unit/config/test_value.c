/* SPDX-License-Identifier: Apache-2.0
 * Numbers with units. */
#include "loads.h"

#include "config/value.h"

static void times_have_one_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {{"0", 0},
		    {"0s", 0},
		    {"5ms", 5},
		    {"30s", 30000},
		    {"30m", 1800000},
		    {"1h", 3600000},
		    {"90d", UINT64_C(7776000000)}};
	static const char *const bad[] = {"",
					  "5",
					  "s",
					  "-5s",
					  "+5s",
					  "1.5s",
					  "5 s",
					  " 5s",
					  "5s ",
					  "5S",
					  "1h30m",
					  "5sec",
					  "1w",
					  "9223372036854775807s",
					  "99999999999999999999ms"};
	uint64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(value_duration(str_of(good[i].text), &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(value_duration(str_of(bad[i]), &ms), TRUNK_EINVAL);
}

static void sizes_are_powers_of_1024(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {{"0", 0},
		    {"10000", 10000},
		    {"256KiB", 262144},
		    {"64MiB", 67108864},
		    {"1GiB", 1073741824},
		    {"2TiB", UINT64_C(2199023255552)}};
	static const char *const bad[] = {"", "KiB", "256kib", "256KB", "256K", "1 GiB", "-1", "1.5GiB", "99999999TiB"};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(value_size(str_of(good[i].text), &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(value_size(str_of(bad[i]), &bytes), TRUNK_EINVAL);
}

/* "0/s" would read as "nothing at all" and mean "no limit". */
static void rates_are_per_second_minute_or_hour(void **state)
{
	static const char *const bad[] = {"", "10", "10/", "/s", "10/d", "10 /s", "0/s", "-1/s", "10/s/s", "1.5/s", "10KiB/s"};
	double rate;

	(void)state;
	assert_int_equal(value_rate(STR("10/s"), &rate), 0);
	assert_true(rate > 9.999 && rate < 10.001);
	assert_int_equal(value_rate(STR("30/m"), &rate), 0);
	assert_true(rate > 0.4999 && rate < 0.5001);
	assert_int_equal(value_rate(STR("3600/h"), &rate), 0);
	assert_true(rate > 0.9999 && rate < 1.0001);
	assert_int_equal(value_rate(STR("0"), &rate), 0);
	assert_true(rate >= 0 && rate <= 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(value_rate(str_of(bad[i]), &rate), TRUNK_EINVAL);
}

static void rates_of_bytes_take_sizes(void **state)
{
	double rate;

	(void)state;
	assert_int_equal(value_byte_rate(STR("1MiB/s"), &rate), 0);
	assert_true(rate > 1048575.9 && rate < 1048576.1);
	assert_int_equal(value_byte_rate(STR("600/m"), &rate), 0);
	assert_true(rate > 9.999 && rate < 10.001);
	assert_int_equal(value_byte_rate(STR("1MiB"), &rate), TRUNK_EINVAL);
	assert_int_equal(value_byte_rate(STR("0MiB/s"), &rate), TRUNK_EINVAL);
}

static void values_are_shown_by_the_largest_unit_that_fits(void **state)
{
	char text[VALUE_TEXT_SIZE];

	(void)state;
	value_show_duration(0, text);
	assert_string_equal(text, "0");
	value_show_duration(1500, text);
	assert_string_equal(text, "1500ms");
	value_show_duration(90 * INT64_C(86400000), text);
	assert_string_equal(text, "90d");
	value_show_size(10000, text);
	assert_string_equal(text, "10000");
	value_show_size(262144, text);
	assert_string_equal(text, "256KiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_one_unit),
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(rates_are_per_second_minute_or_hour),
		cmocka_unit_test(rates_of_bytes_take_sizes),
		cmocka_unit_test(values_are_shown_by_the_largest_unit_that_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
