/* SPDX-License-Identifier: Apache-2.0
 * A growing run of bytes. */
#include "base/buf.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUF_CAP_MIN = 256, BUF_DOUBLE_UNTIL = 4 * 1024 * 1024 };

int buf_reserve(struct buf *buf, size_t more)
{
	const size_t len = buf_len(buf);
	size_t cap = buf->cap ? buf->cap : BUF_CAP_MIN;
	char *at;

	if (more > SIZE_MAX / 4 - len || (buf->limit && len + more > buf->limit))
		return TRUNK_ELIMIT;
	if (buf->cap - buf->end >= more)
		return 0;
	if (buf->start > 0 && buf->cap - len >= more && buf->start >= buf->cap / 2) {
		memmove(buf->at, buf->at + buf->start, len);
		buf->start = 0;
		buf->end = len;
		return 0;
	}
	while (cap < len + more)        /* a large buffer counts against limits: it grows by an eighth */
		cap += cap < BUF_DOUBLE_UNTIL ? cap : cap / 8;
	if (!(at = malloc(cap)))
		return TRUNK_ENOMEM;
	if (len)
		memcpy(at, buf->at + buf->start, len);
	free(buf->at);
	*buf = (struct buf){.at = at, .end = len, .cap = cap, .limit = buf->limit};
	return 0;
}

int buf_add(struct buf *buf, struct str s)
{
	int err;

	if ((err = buf_reserve(buf, s.len)) < 0)
		return err;
	if (s.len)
		memcpy(buf_space(buf), s.at, s.len);
	buf_grew(buf, s.len);
	return 0;
}

int buf_add_cstr(struct buf *buf, const char *cstr)
{
	return buf_add(buf, str_of(cstr));
}

int buf_addf(struct buf *buf, const char *format, ...)
{
	va_list args;
	int len, err;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return TRUNK_EINVAL;
	if ((err = buf_reserve(buf, (size_t)len + 1)) < 0)
		return err;
	va_start(args, format);
	vsnprintf(buf_space(buf), (size_t)len + 1, format, args);
	va_end(args);
	buf_grew(buf, (size_t)len);
	return 0;
}

void buf_drop(struct buf *buf, size_t len)
{
	buf->start += len < buf_len(buf) ? len : buf_len(buf);
	if (buf->start == buf->end)
		buf->start = buf->end = 0;
}

void buf_clear(struct buf *buf)
{
	buf->start = buf->end = 0;
}

void buf_trim(struct buf *buf, size_t keep)
{
	if (buf_len(buf) == 0 && buf->cap > keep)
		buf_fini(buf);
}

void buf_fini(struct buf *buf)
{
	free(buf->at);
	*buf = (struct buf){.limit = buf->limit};
}
