/* SPDX-License-Identifier: Apache-2.0
 * Loads texts in tests: one that must be taken, and one that must be refused with exactly these messages. */
#ifndef TRUNK_TEST_CONFIG_LOADS_H
#define TRUNK_TEST_CONFIG_LOADS_H

#include "config/config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

/* What every text that is to be taken needs. */
#define TRUNK "trunk: trunk.example.com\n"
#define TWO "gateway-domains: saturn.example.org,mercury.example.net\n"

/* All messages of a load, one a line; warnings begin with "warning: ". */
static inline void keep_message(void *ctx, const struct config_problem *problem)
{
	struct buf *out = ctx;

	assert_int_equal(buf_addf(out, "%s%s\n", problem->is_warning ? "warning: " : "", problem->text), 0);
}

static inline struct config *load_with(const char *yaml, const char *messages, int expected)
{
	struct config *config = NULL;
	struct buf out = {0};
	int err;

	err = config_load_text(str_of(yaml), "trunkd.yaml", keep_message, &out, &config);
	assert_int_equal(buf_add(&out, str_make("", 1)), 0);
	assert_string_equal(buf_str(&out).at, messages);
	assert_int_equal(err, expected);
	if (expected < 0)
		assert_null(config);
	else
		assert_non_null(config);
	buf_fini(&out);
	return config;
}

/* Taken without a word. The caller frees it. */
static inline struct config *takes(const char *yaml)
{
	return load_with(yaml, "", 0);
}

/* Refused with exactly these messages. */
static inline void refuses(const char *yaml, const char *messages)
{
	load_with(yaml, messages, TRUNK_EINVAL);
}

/* Taken with exactly these warnings. */
static inline void warns(const char *yaml, const char *messages)
{
	struct config *config = load_with(yaml, messages, 0);

	config_free(&config);
}

static inline void endpoint_is(const struct endpoint *endpoint, const char *expected)
{
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_text(endpoint, text);
	assert_string_equal(text, expected);
}

#endif
