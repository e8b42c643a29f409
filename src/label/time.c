/* SPDX-License-Identifier: Apache-2.0
 * Moments, without the C library's idea of zones. */
#include "label/time_internal.h"

#include <stdio.h>

enum { DAY_MS = 86400000 };

struct clock_time {
	uint64_t year, month, day, hour, minute, second;
};

/* Days from 1970-01-01 in the Gregorian calendar, counted from 0000-03-01 so that leap days end a year. */
static int64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
	const int64_t y = (int64_t)year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	const int64_t m = (int64_t)(month + 9) % 12, of_year = (153 * m + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static uint64_t month_days(uint64_t year, uint64_t month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap);
}

static bool take(struct str *text, size_t digits, uint64_t *ret_number)
{
	if (text->len < digits || str_number(str_until(*text, digits), 9999, ret_number) < 0)
		return false;
	*text = str_from(*text, digits);
	return true;
}

static bool skip(struct str *text, char c)
{
	if (text->len == 0 || text->at[0] != c)
		return false;
	*text = str_from(*text, 1);
	return true;
}

/* Digits behind the point, as milliseconds. */
static bool fraction_take(struct str *text, int64_t *ret_ms)
{
	int64_t scale = 100;

	*ret_ms = 0;
	if (!skip(text, '.'))
		return true;
	if (text->len == 0 || text->at[0] < '0' || text->at[0] > '9')
		return false;
	for (; text->len > 0 && text->at[0] >= '0' && text->at[0] <= '9'; scale /= 10) {
		*ret_ms += (text->at[0] - '0') * scale;
		*text = str_from(*text, 1);
	}
	return true;
}

static bool zone_take(struct str *text, int64_t *ret_ms)
{
	uint64_t hours, minutes;
	bool is_west;

	*ret_ms = 0;
	if (skip(text, 'Z'))
		return true;
	is_west = skip(text, '-');
	if ((!is_west && !skip(text, '+')) || !take(text, 2, &hours) || !skip(text, ':') || !take(text, 2, &minutes) ||
	    hours > 14 || minutes > 59)
		return false;
	*ret_ms = (int64_t)(hours * 60 + minutes) * 60000 * (is_west ? -1 : 1);
	return true;
}

static bool clock_take(struct str *text, bool is_xml, struct clock_time *t)
{
	return take(text, 4, &t->year) && (!is_xml || skip(text, '-')) && take(text, 2, &t->month) &&
	       (!is_xml || skip(text, '-')) && take(text, 2, &t->day) && (!is_xml || skip(text, 'T')) &&
	       take(text, 2, &t->hour) && (!is_xml || skip(text, ':')) && take(text, 2, &t->minute) &&
	       (!is_xml || skip(text, ':')) && take(text, 2, &t->second);
}

int label_time_parse(struct str text, int64_t *ret_ms)
{
	struct str rest = str_trim(text);
	const bool is_xml = rest.len > 4 && rest.at[4] == '-';
	struct clock_time t;
	int64_t fraction, zone;

	if (rest.len > 64 || !clock_take(&rest, is_xml, &t) || !fraction_take(&rest, &fraction) || !zone_take(&rest, &zone) ||
	    rest.len > 0)
		return TRUNK_EINVAL;
	if (t.year < 1 || t.month < 1 || t.month > 12 || t.day < 1 || t.day > month_days(t.year, t.month) || t.hour > 23 ||
	    t.minute > 59 || t.second > 60)
		return TRUNK_EINVAL;
	*ret_ms = days_of(t.year, t.month, t.day) * DAY_MS + (int64_t)((t.hour * 60 + t.minute) * 60 + t.second) * 1000 +
		  fraction - zone;
	return 0;
}

int label_time_write(int64_t ms, char ret_text[static LABEL_TIME_SIZE])
{
	const int64_t day = ms / DAY_MS - (ms % DAY_MS < 0), seconds = (ms - day * DAY_MS) / 1000;
	const int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
	const int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
	const int64_t month = m < 10 ? m + 3 : m - 9, year = y + era * 400 + (month <= 2);

	if (year < 1 || year > 9999)
		return TRUNK_EINVAL;
	snprintf(ret_text, LABEL_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month,
		 (int)(of_year - (153 * m + 2) / 5 + 1), (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
	return 0;
}
