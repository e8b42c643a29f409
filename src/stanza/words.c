/* SPDX-License-Identifier: Apache-2.0
 * The words for stanzas, conditions, decisions and proofs. */
#include "stanza/stanza.h"

static const struct condition_words {
	const char *text, *type;
} conditions[] = {
	[STANZA_CONDITION_NONE] = {"", ""},
#define STANZA_CONDITION_WORDS(name, text, type) [COND_##name] = {text, type},
	STANZA_CONDITIONS(STANZA_CONDITION_WORDS)
#undef STANZA_CONDITION_WORDS
};

const char *stanza_condition_text(enum stanza_condition condition)
{
	return conditions[condition].text;
}

const char *stanza_condition_type(enum stanza_condition condition)
{
	return conditions[condition].type;
}

enum stanza_condition stanza_condition_of(struct str text)
{
	for (unsigned i = 1; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (str_is(text, conditions[i].text))
			return (enum stanza_condition)i;
	return STANZA_CONDITION_NONE;
}

const char *decision_text(enum decision decision)
{
	static const char *const texts[] = {"", "pass", "reject", "drop", "strip", "bounce"};

	return texts[decision];
}

const char *proof_text(enum proof proof)
{
	static const char *const texts[] = {"none", "none", "external", "pin", "dane", "dialback", "dialback-certificate"};

	return texts[proof];
}

const char *stanza_kind_text(enum stanza_kind kind)
{
	static const char *const texts[] = {"", "message", "presence", "iq"};

	return texts[kind];
}
