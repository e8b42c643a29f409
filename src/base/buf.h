/* SPDX-License-Identifier: Apache-2.0
 * A growing run of bytes with an upper limit. */
#ifndef TRUNK_BASE_BUF_H
#define TRUNK_BASE_BUF_H

#include "base/str.h"

/* Bytes that wait: at[start..end). A zeroed struct is an empty buffer without a limit.
 * Invariant: start <= end <= cap, and end - start <= limit where limit is not 0. */
struct buf {
	char *at;
	size_t start, end, cap;
	size_t limit;           /* bytes; 0: none */
};

static inline size_t buf_len(const struct buf *buf)
{
	return buf->end - buf->start;
}

static inline struct str buf_str(const struct buf *buf)
{
	return str_make(buf->at ? buf->at + buf->start : "", buf_len(buf));
}

/* Makes room for `more` bytes behind the end. Returns 0, TRUNK_ENOMEM or TRUNK_ELIMIT; on failure nothing changes. */
int buf_reserve(struct buf *buf, size_t more);

/* Where buf_reserve() made room, and that `len` bytes were written there. */
static inline char *buf_space(struct buf *buf)
{
	return buf->at + buf->end;
}

static inline void buf_grew(struct buf *buf, size_t len)
{
	buf->end += len;
}

/* Each returns 0, TRUNK_ENOMEM or TRUNK_ELIMIT; on failure nothing was added. */
int buf_add(struct buf *buf, struct str s);
int buf_add_cstr(struct buf *buf, const char *cstr);
int buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first `len` bytes. */
void buf_drop(struct buf *buf, size_t len);

/* Forgets the content; keeps the memory. */
void buf_clear(struct buf *buf);

/* Gives memory back where the buffer is empty and larger than `keep` bytes. */
void buf_trim(struct buf *buf, size_t keep);

/* Ends the content of a buffer; it may be used again. */
void buf_fini(struct buf *buf);

#endif
