/* SPDX-License-Identifier: Apache-2.0
 * URLs in texts. */
#include "stanzas.h"

#include <stdlib.h>
#include <time.h>

static void found(const char *text, const char *url)
{
	size_t offset, len;

	assert_true(shape_url_find(str_of(text), &offset, &len));
	assert_true(str_is(str_make(text + offset, len), url));
}

static void urls_of_any_scheme_are_found(void **state)
{
	(void)state;
	found("see http://files.example/a.pdf", "http://files.example/a.pdf");
	found("HTTPS://X", "HTTPS://X");
	found("(ftp://a.example/b) and more", "ftp://a.example/b)");
	found("aesgcm://up.example/k#0011", "aesgcm://up.example/k#0011");
	found("geheim+x.y-1://a b", "geheim+x.y-1://a");
	found("12http://a", "http://a");
	found("\xC3\xA4http://a\tb", "http://a");
	found("<http://a>", "http://a");
	found("go www.example.com now", "www.example.com");
	found("WWW.\xC3\xA4.example", "WWW.\xC3\xA4.example");
	found("magnet:?xt=urn:btih:00", "magnet:?xt=urn:btih:00");
	found("data:image/png;base64,AAAA rest", "data:image/png;base64,AAAA");
	found("a:// b://c", "b://c");
	found("data: no, data:,x", "data:,x");
}

static void what_leads_nowhere_else_is_no_url(void **state)
{
	static const char *const none[] = {"",
					   "http:",
					   "http://",
					   "http:// x",
					   "://x",
					   "1://x",
					   "xmpp:a@b.example?message",
					   "mailto:a@b.example",
					   "tel:+1",
					   "urn:x:y",
					   "www.",
					   "www. x",
					   "awww.example.com",
					   "www",
					   "data: see, above",
					   "data:nothing",
					   "mydata:,x",
					   "magnet:",
					   "amagnet:?x",
					   "12:30",
					   "a:b"};
	size_t offset, len;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(shape_url_find(str_of(none[i]), &offset, &len));
}

/* A text made to cost the square of its length would take minutes. */
static void the_work_is_linear(void **state)
{
	static const char *const pieces[] = {"data:", "data", "a+.-", "://", "www.", "magnet:", "d://"};
	enum { LEN = 4 << 20 };
	char *text = malloc(LEN);
	const clock_t begin = clock();
	size_t offset, len;

	(void)state;
	assert_non_null(text);
	for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
		const size_t piece = strlen(pieces[p]);

		for (size_t i = 0; i < LEN; i++)
			text[i] = pieces[p][i % piece];
		shape_url_find(str_make(text, LEN), &offset, &len);
	}
	free(text);
	assert_true((clock() - begin) / CLOCKS_PER_SEC < 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_of_any_scheme_are_found),
		cmocka_unit_test(what_leads_nowhere_else_is_no_url),
		cmocka_unit_test(the_work_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
