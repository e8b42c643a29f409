/* SPDX-License-Identifier: Apache-2.0
 * Numbers with units, as trunkd.yaml writes them. */
#include "config/value.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
	const char *name;
	uint64_t factor;
};

/* Smallest first. */
static const struct unit DURATIONS[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
static const struct unit SIZES[] = {
	{"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}, {"TiB", UINT64_C(1) << 40}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Digits and one of the units behind them. */
static int value_with_unit(struct str text, const struct unit *units, size_t count, uint64_t *ret_value)
{
	size_t digits = 0;
	uint64_t number;

	while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
		digits++;
	for (size_t i = 0; i < count; i++) {
		if (!str_is(str_from(text, digits), units[i].name))
			continue;
		if (str_number(str_until(text, digits), INT64_MAX / units[i].factor, &number) < 0)
			return TRUNK_EINVAL;
		*ret_value = number * units[i].factor;
		return 0;
	}
	return TRUNK_EINVAL;
}

int value_duration(struct str text, uint64_t *ret_ms)
{
	if (str_is(text, "0")) {
		*ret_ms = 0;
		return 0;
	}
	return value_with_unit(text, DURATIONS, COUNT(DURATIONS), ret_ms);
}

int value_size(struct str text, uint64_t *ret_bytes)
{
	return value_with_unit(text, SIZES, COUNT(SIZES), ret_bytes);
}

static int seconds_of(struct str unit, double *ret_seconds)
{
	if (str_is(unit, "s"))
		*ret_seconds = 1;
	else if (str_is(unit, "m"))
		*ret_seconds = 60;
	else if (str_is(unit, "h"))
		*ret_seconds = 3600;
	else
		return TRUNK_EINVAL;
	return 0;
}

static int rate_of(struct str text, size_t unit_count, double *ret_per_second)
{
	struct str unit = text;
	const struct str amount = str_cut(&unit, '/');
	uint64_t number;
	double seconds;

	if (str_is(text, "0")) {
		*ret_per_second = 0;
		return 0;
	}
	if (str_is_absent(unit) || seconds_of(unit, &seconds) < 0)
		return TRUNK_EINVAL;
	if (value_with_unit(amount, SIZES, unit_count, &number) < 0 || number == 0)
		return TRUNK_EINVAL;            /* "0/s" would read as "nothing at all" and mean "no limit" */
	*ret_per_second = (double)number / seconds;
	return 0;
}

int value_rate(struct str text, double *ret_per_second)
{
	return rate_of(text, 1, ret_per_second);        /* the first unit is none */
}

int value_byte_rate(struct str text, double *ret_bytes_per_second)
{
	return rate_of(text, COUNT(SIZES), ret_bytes_per_second);
}

static void show(uint64_t value, const struct unit *units, size_t count, char ret_text[static VALUE_TEXT_SIZE])
{
	size_t i = count - 1;

	while (i > 0 && (value == 0 || value % units[i].factor != 0))
		i--;
	snprintf(ret_text, VALUE_TEXT_SIZE, "%" PRIu64 "%s", value / units[i].factor, value ? units[i].name : "");
}

void value_show_duration(uint64_t ms, char ret_text[static VALUE_TEXT_SIZE])
{
	show(ms, DURATIONS, COUNT(DURATIONS), ret_text);
}

void value_show_size(uint64_t bytes, char ret_text[static VALUE_TEXT_SIZE])
{
	show(bytes, SIZES, COUNT(SIZES), ret_text);
}
