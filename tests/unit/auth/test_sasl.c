/* SPDX-License-Identifier: Apache-2.0
 * SASL EXTERNAL between servers: whom an <auth/> may speak for (RFC 6120 §6, XEP-0178 §3). */
#include "auth/sasl.h"

#include "../stanza/reads.h"
#include "tls/tls.h"

static enum sasl_verdict judged(const char *from, const char *mechanism, const char *text)
{
	struct arena arena = {0};
	struct buf xml = {0};
	enum sasl_verdict verdict;

	buf_addf(&xml, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'%s>%s</auth>", mechanism, text);
	buf_add(&xml, STR("\0"));
	verdict = sasl_auth_judge(&arena, reads_tree(&arena, buf_str(&xml).at), str_of(from));
	buf_fini(&xml);
	arena_fini(&arena);
	return verdict;
}

static enum sasl_verdict external(const char *from, const char *text)
{
	return judged(from, " mechanism='EXTERNAL'", text);
}

static enum sasl_verdict external_as(const char *from, const char *authzid)
{
	struct buf text = {0};
	enum sasl_verdict verdict;

	assert_int_equal(tls_base64_encode(str_of(authzid), &text), 0);
	buf_add(&text, STR("\0"));
	verdict = external(from, buf_str(&text).at);
	buf_fini(&text);
	return verdict;
}

static void an_empty_identity_is_the_one_of_the_header(void **state)
{
	(void)state;
	assert_int_equal(external("a.example", "="), SASL_OK);
	assert_int_equal(external("a.example", ""), SASL_OK);
	assert_int_equal(external("a.example", " \n= "), SASL_OK);
}

static void the_header_s_own_domain_is_accepted_in_any_spelling(void **state)
{
	(void)state;
	assert_int_equal(external_as("a.example", "a.example"), SASL_OK);
	assert_int_equal(external_as("a.example", "A.Example."), SASL_OK);
	assert_int_equal(external_as("bücher.example", "xn--bcher-kva.example"), SASL_OK);
}

/* RFC 6120 §6.3.8, §6.5.6. */
static void any_other_identity_is_refused(void **state)
{
	(void)state;
	assert_int_equal(external_as("a.example", "b.example"), SASL_INVALID_AUTHZID);
	assert_int_equal(external_as("a.example", "sub.a.example"), SASL_INVALID_AUTHZID);
	assert_int_equal(external_as("a.example", "ann@a.example"), SASL_INVALID_AUTHZID);
	assert_int_equal(external_as("a.example", " "), SASL_INVALID_AUTHZID);
	assert_int_equal(external("a.example", "YS5leGFtcGxlAA=="), SASL_INVALID_AUTHZID);     /* "a.example" and a NUL */
	assert_int_equal(external_as(NULL, "a.example"), SASL_INVALID_AUTHZID);                /* a header without from */
}

static void other_mechanisms_are_refused(void **state)
{
	(void)state;
	assert_int_equal(judged("a.example", " mechanism='PLAIN'", "="), SASL_INVALID_MECHANISM);
	assert_int_equal(judged("a.example", " mechanism='external'", "="), SASL_INVALID_MECHANISM);
	assert_int_equal(judged("a.example", " mechanism=''", "="), SASL_INVALID_MECHANISM);
	assert_int_equal(judged("a.example", "", "="), SASL_MALFORMED_REQUEST);
	assert_int_equal(judged("a.example", " xmlns:x='urn:x' x:mechanism='EXTERNAL'", "="), SASL_MALFORMED_REQUEST);
}

/* RFC 6120 §6.5.5 and RFC 4648 §3: no white space inside, no missing padding, no surplus bits. */
static void what_is_no_base64_is_refused(void **state)
{
	(void)state;
	assert_int_equal(external("a.example", "YS5leGFtcGxl"), SASL_OK);
	assert_int_equal(external("a.example", "YS5l eGFtcGxl"), SASL_INCORRECT_ENCODING);
	assert_int_equal(external("a.example", "YS5leGFtcGx"), SASL_INCORRECT_ENCODING);
	assert_int_equal(external("a.example", "!"), SASL_INCORRECT_ENCODING);
	assert_int_equal(external("a.example", "=="), SASL_INCORRECT_ENCODING);
	assert_int_equal(external("a.example", "YQ=="), SASL_INVALID_AUTHZID);
	assert_int_equal(external("a.example", "YR=="), SASL_INCORRECT_ENCODING);
}

static void each_refusal_has_its_condition(void **state)
{
	(void)state;
	assert_string_equal(sasl_failure_text(SASL_INVALID_MECHANISM), "invalid-mechanism");
	assert_string_equal(sasl_failure_text(SASL_INVALID_AUTHZID), "invalid-authzid");
	assert_string_equal(sasl_failure_text(SASL_INCORRECT_ENCODING), "incorrect-encoding");
	assert_string_equal(sasl_failure_text(SASL_MALFORMED_REQUEST), "malformed-request");
}

static void elements_have_the_form_of_the_standard(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(sasl_auth_write(&out), 0);
	wrote(&out, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
	buf_clear(&out);
	assert_int_equal(sasl_success_write(&out), 0);
	wrote(&out, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	buf_clear(&out);
	assert_int_equal(sasl_failure_write(&out, "not-authorized", "a<b"), 0);
	wrote(&out,
	      "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/><text xml:lang='en'>a&lt;b</text></failure>");
	buf_clear(&out);
	assert_int_equal(sasl_failure_write(&out, "not-authorized", NULL), 0);
	wrote(&out, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_identity_is_the_one_of_the_header),
		cmocka_unit_test(the_header_s_own_domain_is_accepted_in_any_spelling),
		cmocka_unit_test(any_other_identity_is_refused),
		cmocka_unit_test(other_mechanisms_are_refused),
		cmocka_unit_test(what_is_no_base64_is_refused),
		cmocka_unit_test(each_refusal_has_its_condition),
		cmocka_unit_test(elements_have_the_form_of_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
