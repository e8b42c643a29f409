/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a configuration, told with its place. */
#include "config/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct str quote(struct str value)
{
	size_t len = value.len;

	if (len > QUOTE_BYTES_MAX)
		for (len = QUOTE_BYTES_MAX; len > 0 && ((unsigned char)value.at[len] & 0xc0) == 0x80;)
			len--;
	return str_make(value.at ? value.at : "", len);
}

struct place_text place_other(struct place here, struct place other)
{
	struct place_text text;

	if (other.file && (!here.file || strcmp(here.file, other.file) != 0))
		snprintf(text.at, sizeof(text.at), "%s:%u", other.file, other.line);
	else
		snprintf(text.at, sizeof(text.at), "line %u", other.line);
	return text;
}

/* C0, DEL, and the C1 controls, which UTF-8 writes as C2 80 to C2 9F. */
static size_t control_len(const char *at)
{
	const unsigned char c = (unsigned char)at[0], next = (unsigned char)at[1];

	if (c < 0x20 || c == 0x7f)
		return 1;
	return c == 0xc2 && next >= 0x80 && next <= 0x9f ? 2 : 0;
}

static int add_escaped(struct buf *out, const char *text)
{
	int err = 0;

	while (*text && err == 0) {
		const size_t control = control_len(text);

		if (control == 0) {
			err = buf_add(out, str_make(text++, 1));
			continue;
		}
		for (size_t i = 0; i < control && err == 0; i++)
			err = buf_addf(out, "\\x%02x", (unsigned char)*text++);
	}
	return err;
}

static int add_place(struct buf *out, struct place place)
{
	if (!place.file)
		return 0;
	if (add_escaped(out, place.file) < 0)
		return TRUNK_ENOMEM;
	if (place.line && place.column)
		return buf_addf(out, ":%u:%u: ", place.line, place.column);
	return place.line ? buf_addf(out, ":%u: ", place.line) : buf_add_cstr(out, ": ");
}

static void keep(struct problems *problems, bool is_warning, struct place place, const char *message)
{
	struct found *found = &problems->found[problems->count];
	struct buf out = {0};

	if (add_place(&out, place) < 0 || add_escaped(&out, message) < 0 || !(found->text = str_dup(buf_str(&out)))) {
		problems->is_out_of_memory = true;
	} else {
		found->problem = (struct config_problem){is_warning, place.file, place.line, place.column, found->text};
		found->order = problems->count++;
	}
	buf_fini(&out);
}

__attribute__((format(printf, 4, 0))) static void keep_bounded(struct problems *problems, bool is_warning, struct place place,
							       const char *format, va_list args)
{
	char message[PROBLEM_BYTES_MAX];

	*(is_warning ? &problems->warnings : &problems->errors) += 1;
	if (problems->count > PROBLEMS_MAX)
		return;
	if (problems->count == PROBLEMS_MAX) {
		keep(problems, false, (struct place){0}, "more problems follow that are not shown; mend these first");
		return;
	}
	vsnprintf(message, sizeof(message), format, args);
	keep(problems, is_warning, place, message);
}

static int number_order(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

/* Unknown lines are the largest numbers. */
static int by_place(const void *a, const void *b, void *first)
{
	const struct found *x = a, *y = b;
	const char *file_x = x->problem.file ? x->problem.file : "", *file_y = y->problem.file ? y->problem.file : "";
	int order = strcmp(file_x, file_y);

	if (order && strcmp(file_x, first) == 0)
		return -1;
	if (order && strcmp(file_y, first) == 0)
		return 1;
	if (!*file_x != !*file_y)
		return !*file_x - !*file_y;
	if (order || (order = number_order(x->problem.line - 1, y->problem.line - 1)))
		return order;
	order = number_order(x->problem.column, y->problem.column);
	return order ? order : number_order(x->order, y->order);
}

static void *unconst(const char *text)
{
	return (void *)(uintptr_t)text;
}

void problems_tell(struct problems *problems, const char *first, config_problem_fn *fn, void *ctx)
{
	qsort_r(problems->found, problems->count, sizeof(struct found), by_place, unconst(first));
	for (unsigned i = 0; i < problems->count; i++) {
		if (fn)
			fn(ctx, &problems->found[i].problem);
		free(problems->found[i].text);
	}
	problems->count = 0;
}

void problem_error(struct problems *problems, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_bounded(problems, false, place, format, args);
	va_end(args);
}

void problem_warning(struct problems *problems, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_bounded(problems, true, place, format, args);
	va_end(args);
}
