/* SPDX-License-Identifier: Apache-2.0
 * The words for conditions, decisions, proofs and kinds. */
#include "stanza/stanza.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 6120 §8.3.3: each condition with the error type that it should have. */
static void conditions_have_the_words_and_types_of_the_standard(void **state)
{
	(void)state;
	assert_string_equal(stanza_condition_text(COND_BAD_REQUEST), "bad-request");
	assert_string_equal(stanza_condition_type(COND_BAD_REQUEST), "modify");
	assert_string_equal(stanza_condition_text(COND_REMOTE_SERVER_TIMEOUT), "remote-server-timeout");
	assert_string_equal(stanza_condition_type(COND_REMOTE_SERVER_TIMEOUT), "wait");
	assert_string_equal(stanza_condition_type(COND_NOT_AUTHORIZED), "auth");
	assert_string_equal(stanza_condition_type(COND_SERVICE_UNAVAILABLE), "cancel");
	assert_string_equal(stanza_condition_text(COND_UNEXPECTED_REQUEST), "unexpected-request");
}

static void each_condition_is_found_by_its_word(void **state)
{
	(void)state;
	for (enum stanza_condition c = COND_BAD_REQUEST; c <= COND_UNEXPECTED_REQUEST; c++)
		assert_int_equal(stanza_condition_of(str_of(stanza_condition_text(c))), c);
}

static void other_words_are_no_condition(void **state)
{
	(void)state;
	assert_int_equal(stanza_condition_of(STR("")), STANZA_CONDITION_NONE);
	assert_int_equal(stanza_condition_of(STR_NONE), STANZA_CONDITION_NONE);
	assert_int_equal(stanza_condition_of(STR("Bad-Request")), STANZA_CONDITION_NONE);
	assert_int_equal(stanza_condition_of(STR("bad-request ")), STANZA_CONDITION_NONE);
	assert_int_equal(stanza_condition_of(STR("text")), STANZA_CONDITION_NONE);
}

/* design.md §4: the values that `trunkctl audit` and `trunkctl streams` promise. */
static void decisions_and_proofs_have_the_promised_words(void **state)
{
	(void)state;
	assert_string_equal(decision_text(DECISION_PASS), "pass");
	assert_string_equal(decision_text(DECISION_REJECT), "reject");
	assert_string_equal(decision_text(DECISION_DROP), "drop");
	assert_string_equal(decision_text(DECISION_STRIP), "strip");
	assert_string_equal(decision_text(DECISION_BOUNCE), "bounce");
	assert_string_equal(proof_text(PROOF_NONE), "none");
	assert_string_equal(proof_text(PROOF_EXTERNAL), "external");
	assert_string_equal(proof_text(PROOF_PIN), "pin");
	assert_string_equal(proof_text(PROOF_DANE), "dane");
	assert_string_equal(proof_text(PROOF_DIALBACK), "dialback");
	assert_string_equal(proof_text(PROOF_DIALBACK_CERTIFICATE), "dialback-certificate");
	assert_string_equal(stanza_kind_text(STANZA_PRESENCE), "presence");
}

/* style.md §2: zeroed memory grants nothing, and has no word that could be read as a grant. */
static void zero_is_neither_pass_nor_proof(void **state)
{
	const struct verdict verdict = {0};

	(void)state;
	assert_int_not_equal(verdict.decision, DECISION_PASS);
	assert_string_equal(decision_text(verdict.decision), "");
	assert_string_equal(proof_text((enum proof)0), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_have_the_words_and_types_of_the_standard),
		cmocka_unit_test(each_condition_is_found_by_its_word),
		cmocka_unit_test(other_words_are_no_condition),
		cmocka_unit_test(decisions_and_proofs_have_the_promised_words),
		cmocka_unit_test(zero_is_neither_pass_nor_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
