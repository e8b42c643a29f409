/* SPDX-License-Identifier: Apache-2.0
 * Hashes, hex and base64 against the examples of their specifications. */
#include "tls/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* FIPS 180-2 appendix B.1, and the empty message. */
static void sha256_of_the_standard(void **state)
{
	uint8_t hash[TLS_SHA256_BYTES];
	char hex[2 * TLS_SHA256_BYTES + 1];

	(void)state;
	assert_int_equal(tls_sha256(STR("abc"), hash), 0);
	tls_hex(hash, sizeof(hash), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(tls_sha256(STR_NONE, hash), 0);
	tls_hex(hash, sizeof(hash), hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231 §4.3. */
static void hmac_of_the_standard(void **state)
{
	uint8_t mac[TLS_SHA256_BYTES];
	char hex[2 * TLS_SHA256_BYTES + 1];

	(void)state;
	assert_int_equal(tls_hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), mac), 0);
	tls_hex(mac, sizeof(mac), hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_int_equal(tls_hmac_sha256(STR_NONE, STR_NONE, mac), 0);
}

static void random_bytes_differ(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)state;
	assert_int_equal(tls_random(a, sizeof(a)), 0);
	assert_int_equal(tls_random(b, sizeof(b)), 0);
	assert_false(tls_equal(a, b, sizeof(a)));
	memcpy(b, a, sizeof(a));
	assert_true(tls_equal(a, b, sizeof(a)));
	assert_true(tls_equal(a, b, 0));
}

/* RFC 4648 §10. */
static void base64_of_the_standard(void **state)
{
	static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
	static const char *const text[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(tls_base64_encode(str_of(plain[i]), &out), 0);
		assert_true(str_is(buf_str(&out), text[i]));
		buf_clear(&out);
		assert_int_equal(tls_base64_decode(str_of(text[i]), &out), 0);
		assert_true(str_is(buf_str(&out), plain[i]));
		buf_clear(&out);
	}
	buf_fini(&out);
}

static void base64_that_is_not_exact_is_refused(void **state)
{
	static const char *const bad[] = {
		"Zg",     "Zg=",   "Zh==",  "Zm9=", "Z===", "====", "Zg==Zg==",
		"Zm9v\n", " Zm9v", "Zm 9v", "Zm-_", "=m9v", "Zm=v", "Zm9vZ",
	};
	struct buf out = {0};

	(void)state;
	buf_add_cstr(&out, "kept");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(tls_base64_decode(str_of(bad[i]), &out), TRUNK_EINVAL);
		assert_true(str_is(buf_str(&out), "kept"));
	}
	buf_fini(&out);
}

static void base64_keeps_every_byte(void **state)
{
	struct buf text = {0}, back = {0};
	char bytes[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		buf_clear(&text);
		buf_clear(&back);
		assert_int_equal(tls_base64_encode(str_make(bytes, len), &text), 0);
		assert_int_equal(tls_base64_decode(buf_str(&text), &back), 0);
		assert_true(str_eq(buf_str(&back), str_make(bytes, len)));
	}
	buf_fini(&text);
	buf_fini(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_the_standard),
		cmocka_unit_test(hmac_of_the_standard),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(base64_of_the_standard),
		cmocka_unit_test(base64_that_is_not_exact_is_refused),
		cmocka_unit_test(base64_keeps_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
