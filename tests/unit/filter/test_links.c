/* SPDX-License-Identifier: Apache-2.0
 * Links are found as a browser, a client or a reader would follow them. */
#include "filter/links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* "scheme|host|" of each link, "-" for what is absent, "@" behind addresses. */
static void finds(const char *text, const char *expected)
{
	struct buf plain = {0}, found = {0};
	struct link_found link;
	uint64_t steps = 0;
	size_t offset = 0;

	assert_int_equal(links_refang(str_of(text), &plain), 0);
	while (links_next(buf_str(&plain), &offset, &steps, &link)) {
		buf_add(&found, str_is_absent(link.scheme) ? STR("-") : link.scheme);
		buf_add_cstr(&found, "|");
		buf_add(&found, str_is_absent(link.host) ? STR("-") : link.host);
		buf_add_cstr(&found, link.is_address ? "@ " : " ");
	}
	if (!str_is(buf_str(&found), expected))
		fail_msg("%s: \"%.*s\", not \"%s\"", text, STR_ARG(buf_str(&found)), expected);
	buf_fini(&plain);
	buf_fini(&found);
}

static void plain_links_are_found(void **state)
{
	(void)state;
	finds("", "");
	finds("Crates leave at six. Or 6.30, e.g. later...", "");
	finds("see https://example.org/a?b#c now", "https|example.org ");
	finds("(http://example.org)", "http|example.org ");
	finds("<a href='http://example.org:8080/x'>", "http|example.org ");
	finds("http://example.org. Then", "http|example.org ");
	finds("xmpp:room@muc.example.org?join", "xmpp|- ");
	finds("www.example.org and example.org/path", "-|www.example.org -|example.org ");
	finds("write to bob@example.org!", "-|example.org@ ");
	finds("//example.org/x", "-|example.org ");
	finds("http://[2001:db8::1]:80/", "http|[2001:db8::1] ");
	finds("http://3232235777/ http://0x7f.1/ http://127.0.0.1/", "http|3232235777 http|0x7f.1 http|127.0.0.1 ");
	finds("javascript:alert(1) data:text/html,x tel:+123", "javascript|- data|- tel|- ");
	finds("https://example.org/file.txt?u=a.b", "https|example.org ");
}

static void tricks_do_not_hide_them(void **state)
{
	(void)state;
	finds("hxxp://evil[.]example hXXps://evil(dot)example h**p://evil.example", "hxxp|evil.example hXXps|evil.example h**p|evil.example ");
	finds("http[:]//evil.example http[://]evil.example", "http|evil.example http|evil.example ");
	finds("http:\\\\evil.example http:evil.example http:///evil.example", "http|evil.example http|evil.example http|evil.example ");
	finds("http://good.example@evil.example/ http://good.example:x@evil.example", "http|evil.example http|evil.example ");
	finds("http://good.example\\@evil.example", "http|good.example ");
	finds("ht\xe2\x80\x8btp://ev\xc2\xadil.example", "http|evil.example ");
	finds("\xef\xbd\x88\xef\xbd\x94\xef\xbd\x94\xef\xbd\x90\xef\xbc\x9a\xef\xbc\x8f\xef\xbc\x8f" "evil\xe3\x80\x82" "example", "http|evil.example ");
	finds("http://good.example,http://evil.example", "http|good.example,http ");
	finds("http://good.example/http://evil.example", "http|good.example http|evil.example ");
	finds("good.example,evil.example;www.bad.example", "-|good.example -|evil.example -|www.bad.example ");
	finds("evil.xn--p1ai", "-|evil.xn--p1ai ");
	finds("bob{at}evil[dot]example", "-|evil.example@ ");
	finds("xhttp://evil.example", "xhttp|evil.example ");
	finds("((http://evil.example))", "http|evil.example ");
	finds("http://evil.example\"onclick", "http|evil.example ");
	finds("file:///etc/passwd \\\\evil.example\\share", "file|etc -|evil.example ");
}

static void long_runs_end(void **state)
{
	struct buf text = {0}, plain = {0};
	struct link_found link;
	uint64_t steps = 0;
	size_t offset = 0;
	unsigned count = 0;

	(void)state;
	for (int i = 0; i < 2000; i++)
		buf_add_cstr(&text, "a.bc,");
	assert_int_equal(links_refang(buf_str(&text), &plain), 0);
	while (links_next(buf_str(&plain), &offset, &steps, &link))
		count++;
	assert_int_equal(count, 2000);
	assert_true(steps > buf_len(&plain));
	buf_fini(&text);
	buf_fini(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_links_are_found),
		cmocka_unit_test(tricks_do_not_hide_them),
		cmocka_unit_test(long_runs_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
