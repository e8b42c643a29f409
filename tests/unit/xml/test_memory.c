/* SPDX-License-Identifier: Apache-2.0
 * No memory, at each place where some is asked for: an error, and never less or more than that. */
#include "xml/reader_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct xml_limits limits = {.element_bytes = 100000, .depth = 16, .attributes = 16};

/* How many allocations are still granted; below zero: all. The linker puts these in front of the room's own calls. */
static long granted = -1;

static bool is_granted(void)
{
	if (granted > 0)
		granted--;
	return granted != 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);

void *__wrap_malloc(size_t size)
{
	return is_granted() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_granted() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *at, size_t size)
{
	return is_granted() ? __real_realloc(at, size) : NULL;
}

/* A stream that makes everything grow. The caller ends it. */
static struct buf long_stream(void)
{
	struct buf doc = {0};

	buf_add_cstr(&doc, "<s:s xmlns:s='urn:s' xmlns='jabber:server' xml:lang='en' a='&amp;'><m><![CDATA[x]]><s:a");
	for (unsigned i = 0; i < 12; i++)
		buf_addf(&doc, " xmlns:p%u='urn:%u'", i, i);
	buf_add_cstr(&doc, "><b");
	for (unsigned i = 12; i < 24; i++)
		buf_addf(&doc, " xmlns:p%u='urn:%u'", i, i);
	buf_add_cstr(&doc, " a='1' xmlns='");
	while (buf_len(&doc) < 5000)
		buf_add_cstr(&doc, "urn:long:");
	buf_add_cstr(&doc, "'/></s:a>text</m></s:s>");
	return doc;
}

/* 0: read and written to the end. */
static int read_and_write(const struct xml_reader_ops *ops, struct str input)
{
	struct xml_reader *reader = xml_reader_new_by(ops, &limits);
	struct arena scratch = {0};
	struct buf out = {0};
	int err = reader ? 0 : TRUNK_ENOMEM;
	enum xml_event event = XML_MORE;

	while (!err && event != XML_END) {
		struct xml_element element;
		uint64_t offset;
		size_t consumed;

		event = xml_reader_next(reader, input, &element, &consumed);
		input = str_from(input, consumed);
		if (event == XML_ERROR)
			err = xml_reader_error(reader, &offset);
		else if (event == XML_ELEMENT)
			err = xml_element_write(reader, &element, &scratch, &out);
	}
	xml_reader_free(&reader);
	arena_fini(&scratch);
	buf_fini(&out);
	return err;
}

static void every_failed_allocation_is_told(void **state)
{
	static const struct xml_reader_ops *const backends[] = {&xml_scan_ops, &xml_expat_ops};
	struct buf doc = long_stream();

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		long failures = 0;
		int err = TRUNK_ENOMEM;

		while (err) {
			granted = failures + 1;
			err = read_and_write(backends[k], buf_str(&doc));
			granted = -1;
			if (err && err != TRUNK_ENOMEM)
				fail_msg("allocation %ld by %s: %s", failures, backends[k]->name, error_text(err));
			failures++;
		}
		assert_in_range(failures, 10, 200);
	}
	buf_fini(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failed_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
