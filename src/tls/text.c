/* SPDX-License-Identifier: Apache-2.0
 * Words about certificates and the library's errors, fit for a terminal. */
#include "tls/internal.h"

#include <openssl/err.h>

#include <stdarg.h>
#include <stdio.h>

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void text_addf(char *text, size_t size_bytes, const char *format, ...)
{
	const size_t len = strlen(text);
	va_list args;

	if (len + 1 >= size_bytes)
		return;
	va_start(args, format);
	vsnprintf(text + len, size_bytes - len, format, args);
	va_end(args);
	make_printable(text + len);
}

void text_of_name(const X509_NAME *name, char *ret_text, size_t size_bytes)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at = NULL;
	long len = 0;

	ret_text[0] = '\0';
	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_get_mem_data(bio, &at);
	if (len > 0)
		text_addf(ret_text, size_bytes, "%.*s", len < (long)size_bytes ? (int)len : (int)size_bytes, at);
	BIO_free(bio);
}

void text_of_date(const ASN1_TIME *time, char ret_date[static DATE_SIZE])
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(time, &tm) || strftime(ret_date, DATE_SIZE, "%Y-%m-%d", &tm) == 0)
		memcpy(ret_date, "?", 2);
}

int64_t ms_of_time(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) ? (int64_t)timegm(&tm) * 1000 : INT64_MAX;
}

const char *text_of_library(void)
{
	const unsigned long err = ERR_peek_error();
	const char *reason = err ? ERR_reason_error_string(err) : NULL;

	ERR_clear_error();
	return reason ? reason : "unknown reason";
}

void problem_add(struct problems *problems, bool is_fatal, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	problems->is_fatal |= is_fatal;
	if (problems->fn)
		problems->fn(problems->ctx, is_fatal, text);
}
