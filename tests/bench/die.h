/* SPDX-License-Identifier: Apache-2.0
 * How the load driver gives up: a measurement without memory or with a wrong set-up is none. */
#ifndef BENCH_DIE_H
#define BENCH_DIE_H

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static inline void must(int err)
{
	if (err < 0)
		die("%s", error_text(err));
}

static inline void *must_ptr(void *ptr)
{
	if (!ptr)
		die("%s", error_text(TRUNK_ENOMEM));
	return ptr;
}

#endif
