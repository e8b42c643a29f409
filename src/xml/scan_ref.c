/* SPDX-License-Identifier: Apache-2.0
 * The scanner in a reference: `&name;`, `&#38;`, `&#x26;` (XML 1.0 §4.1). */
#include "xml/scan.h"

#include "xml/chars.h"
#include "xml/text.h"

/* A reference whose syntax is right ends behind pos. */
static int end_ref(struct scan *scan, const unsigned char *at)
{
	uint32_t c;
	const int err = ref_decode(scan_str(at, scan->mark, scan->pos - scan->mark), &c);

	if (at[scan->mark + 1] == '#')
		scan->is_canonical = false;
	scan->state = scan->quote ? SCAN_VALUE : SCAN_TEXT;
	if (!err)
		return SCAN_ON;
	if (!scan->quote)
		return err;
	if (!scan->attrs[scan->attr_count].error)
		scan->attrs[scan->attr_count].error = err;
	return SCAN_ON;
}

/* In `&#…;`. SCAN_DONE: a ';' stands at pos, behind one digit or more. */
static int step_number(struct scan *scan, const unsigned char *at, size_t len)
{
	const size_t digits = scan->mark + 2;
	size_t first;

	if (scan->pos == digits && scan->pos < len && at[scan->pos] == 'x')
		scan->pos++;
	if (scan->pos == len)
		return SCAN_MORE;
	first = at[digits] == 'x' ? digits + 1 : digits;
	while (scan->pos < len && char_is(at[scan->pos], first > digits ? CHAR_HEX : CHAR_DIGIT))
		scan->pos++;
	if (scan->pos == len)
		return SCAN_MORE;
	return at[scan->pos] == ';' && scan->pos > first ? SCAN_DONE : TRUNK_EXML;
}

int scan_ref(struct scan *scan, const unsigned char *at, size_t len)
{
	int step;

	if (scan->pos == len)
		return SCAN_MORE;
	if (scan->pos == scan->mark + 1 && at[scan->pos] == '#') {
		if (++scan->pos == len)
			return SCAN_MORE;
	}
	if (at[scan->mark + 1] == '#') {
		step = step_number(scan, at, len);
	} else {
		scan->mark++;                   /* the name alone */
		scan->colon = 0;
		step = scan_name_on(scan, at, len);
		scan->mark--;
		if (scan->colon || (step == SCAN_DONE && at[scan->pos] != ';'))
			return TRUNK_EXML;
	}
	if (step != SCAN_DONE)
		return step;
	scan->pos++;
	return end_ref(scan, at);
}
