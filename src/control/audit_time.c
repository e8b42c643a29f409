/* SPDX-License-Identifier: Apache-2.0
 * ISO 8601 and ages. */
#include "control/audit_time.h"

#include "config/value.h"

#include <stdio.h>
#include <time.h>

/* Takes `digits` digits off `*rest`. */
static bool take_number(struct str *rest, size_t digits, int *ret_n)
{
	uint64_t n;

	if (rest->len < digits || str_number(str_until(*rest, digits), 9999, &n) < 0)
		return false;
	*rest = str_from(*rest, digits);
	*ret_n = (int)n;
	return true;
}

static bool take_char(struct str *rest, char c)
{
	if (rest->len == 0 || rest->at[0] != c)
		return false;
	*rest = str_from(*rest, 1);
	return true;
}

/* How exact it was. */
enum part { PART_DAY = 1, PART_MINUTE, PART_SECOND, PART_MS };

static int64_t length_of(enum part part)
{
	static const int64_t lengths[] = {0, 24 * 3600 * 1000LL, 60 * 1000, 1000, 1};

	return lengths[part];
}

/* One to three digits behind the point. */
static bool take_fraction(struct str *rest, int *ret_ms)
{
	size_t digits = 0;

	while (digits < rest->len && digits < 3 && rest->at[digits] >= '0' && rest->at[digits] <= '9')
		digits++;
	if (digits == 0 || !take_number(rest, digits, ret_ms))
		return false;
	for (; digits < 3; digits++)
		*ret_ms *= 10;
	return true;
}

static bool read_iso(struct str text, struct tm *tm, int *ret_ms, enum part *ret_part)
{
	*ret_part = PART_DAY;
	*ret_ms = 0;
	if (!take_number(&text, 4, &tm->tm_year) || !take_char(&text, '-') || !take_number(&text, 2, &tm->tm_mon) || !take_char(&text, '-') ||
	    !take_number(&text, 2, &tm->tm_mday))
		return false;
	if (text.len == 0)
		return true;
	if ((!take_char(&text, 'T') && !take_char(&text, ' ')) || !take_number(&text, 2, &tm->tm_hour) || !take_char(&text, ':') ||
	    !take_number(&text, 2, &tm->tm_min))
		return false;
	*ret_part = PART_MINUTE;
	if (take_char(&text, ':')) {
		if (!take_number(&text, 2, &tm->tm_sec))
			return false;
		*ret_part = PART_SECOND;
		if (take_char(&text, '.')) {
			if (!take_fraction(&text, ret_ms))
				return false;
			*ret_part = PART_MS;
		}
	}
	take_char(&text, 'Z');
	return text.len == 0;
}

static bool is_date(const struct tm *tm)
{
	return tm->tm_year >= 1970 && tm->tm_mon >= 1 && tm->tm_mon <= 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour <= 23 && tm->tm_min <= 59 &&
	       tm->tm_sec <= 60;
}

int audit_time(struct str text, int64_t now_ms, bool is_end, int64_t *ret_ms)
{
	struct tm tm = {0};
	uint64_t age_ms;
	enum part part;
	time_t second;
	int day, ms;

	if (value_duration(text, &age_ms) == 0 && age_ms <= INT64_MAX) {
		*ret_ms = (int64_t)age_ms < now_ms ? now_ms - (int64_t)age_ms : 0;
		return 0;
	}
	if (!read_iso(text, &tm, &ms, &part) || !is_date(&tm))
		return TRUNK_EINVAL;
	day = tm.tm_mday;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	second = timegm(&tm);
	if (tm.tm_mday != day)
		return TRUNK_EINVAL;    /* a 31st of June */
	*ret_ms = (int64_t)second * 1000 + ms + (is_end ? length_of(part) - 1 : 0);
	return 0;
}

void audit_time_text(int64_t wall_ms, char ret_text[static AUDIT_TIME_SIZE])
{
	const time_t second = (time_t)(wall_ms / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&second, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret_text, AUDIT_TIME_SIZE, "%s.%03dZ", text, (int)(wall_ms % 1000));
}
