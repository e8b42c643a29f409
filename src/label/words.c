/* SPDX-License-Identifier: Apache-2.0
 * Labels and clearances in words: "FARM: OPEN,GUARDED; Compartment=ORCHID; Releasable To=XAA,XBB". */
#include "label/clearance_internal.h"

#include <stdio.h>

enum { WORD_SHOWN = 64 };       /* bytes of a word in a message */

#define SHOWN(s) STR_ARG(str_until((s), WORD_SHOWN))

/* What is read; both kinds of reader take their own part of it. */
struct words {
	const struct label_policy *policy;
	uint64_t classes[LABEL_CLASSES_MAX / 64];
	const struct label_class *class;        /* the last one */
	unsigned class_count;
	struct values values;
	char *why;
};

/* The names that there are, behind what was said before, as far as there is room. */
static void why_list(char *text, struct str name, bool is_first)
{
	const size_t len = strlen(text);

	if (len + name.len + 3 < LABEL_WHY_SIZE)
		snprintf(text + len, LABEL_WHY_SIZE - len, "%s%.*s", is_first ? " " : ", ", STR_ARG(name));
}

static int class_word(struct words *words, struct str word)
{
	const struct label_class *class = class_by_name(words->policy, word);

	if (!class) {
		why(words->why, "policy \"%.*s\" has no class \"%.*s\"; it has", SHOWN(words->policy->name), SHOWN(word));
		for (unsigned i = 0; i < words->policy->class_count; i++)
			why_list(words->why, words->policy->classes[i].name, i == 0);
		return TRUNK_EINVAL;
	}
	words->class_count += !bits_has(words->classes, class->index);
	bits_set(words->classes, class->index);
	words->class = class;
	return 0;
}

/* By the name of a set, else by that of the one tag that has it. */
static const struct label_tag_set *set_word(const struct words *words, struct str word, const struct label_tag **ret_tag)
{
	const struct label_tag_set *set = set_by_name(words->policy, word);

	*ret_tag = NULL;
	for (unsigned i = 0; i < words->policy->tag_count && !set; i++) {
		if (!str_eq(words->policy->tags[i].name, word))
			continue;
		if (*ret_tag)
			return NULL;
		*ret_tag = &words->policy->tags[i];
	}
	return set ? set : *ret_tag ? (*ret_tag)->set : NULL;
}

static int value_word(struct words *words, const struct label_tag_set *set, const struct label_tag *tag, struct str word)
{
	unsigned count;
	const struct label_value *value = value_by_name(words->policy, set, tag, UINT32_MAX, word, &count);

	if (value) {
		bits_set(words->values.bits, value->index);
		return 0;
	}
	if (count > 1) {
		why(words->why, "\"%.*s\" is in several tags of \"%.*s\"; write the tag's name before the =", SHOWN(word),
		    SHOWN(set->name));
		return TRUNK_EINVAL;
	}
	why(words->why, "\"%.*s\" has no value \"%.*s\"; it has", SHOWN(tag ? tag->name : set->name), SHOWN(word));
	for (unsigned i = set->first_value; i < set->first_value + set->value_count; i++)
		why_list(words->why, words->policy->values[i].name, i == set->first_value);
	return TRUNK_EINVAL;
}

static int tag_word(struct words *words, struct str part)
{
	struct str rest = part;
	const struct str name = str_trim(str_cut(&rest, '='));
	const struct label_tag *tag;
	const struct label_tag_set *set = set_word(words, name, &tag);
	int err;

	if (!set) {
		why(words->why, "policy \"%.*s\" has no tag set \"%.*s\" (or several tags of that name); its sets are",
		    SHOWN(words->policy->name), SHOWN(name));
		for (unsigned i = 0; i < words->policy->set_count; i++)
			why_list(words->why, words->policy->sets[i].name, i == 0);
		return TRUNK_EINVAL;
	}
	if (str_is_absent(rest)) {
		why(words->why, "\"%.*s\" lacks its values; write \"%.*s=VALUE,VALUE\"", SHOWN(name), SHOWN(name));
		return TRUNK_EINVAL;
	}
	while (!str_is_absent(rest))
		if ((err = value_word(words, set, tag, str_trim(str_cut(&rest, ',')))) < 0)
			return err;
	return 0;
}

static int words_parse(struct arena *arena, const struct label_policies *policies, struct str text, struct words *words)
{
	struct str rest = text, classes;
	const struct str name = str_trim(str_cut(&rest, ':'));
	int err;

	if (text.len > LABEL_WORDS_MAX) {
		why(words->why, "is longer than %d bytes", LABEL_WORDS_MAX);
		return TRUNK_ELIMIT;
	}
	if (str_is_absent(rest)) {
		why(words->why, "no policy is named; write \"POLICY: CLASS; TAG SET=VALUE,VALUE\"");
		return TRUNK_EINVAL;
	}
	if (!policies || !(words->policy = label_policies_by_name(policies, name))) {
		why(words->why, "policy \"%.*s\" is not loaded; name its SPIF in labels.policy", SHOWN(name));
		return TRUNK_ENOENT;
	}
	if ((err = values_init(&words->values, arena, words->policy)) < 0)
		return err;
	for (classes = str_cut(&rest, ';'); !str_is_absent(classes);)
		if ((err = class_word(words, str_trim(str_cut(&classes, ',')))) < 0)
			return err;
	while (!str_is_absent(rest)) {
		const struct str part = str_trim(str_cut(&rest, ';'));

		if (part.len > 0 && (err = tag_word(words, part)) < 0)
			return err;
	}
	return 0;
}

int clearance_parse_words(const struct label_policies *policies, struct str text, struct label_clearance **ret_clearance,
			  char *ret_why)
{
	struct words words = {.why = ret_why};
	struct arena arena = {0};
	int err;

	why(ret_why, "no memory");
	if ((err = words_parse(&arena, policies, text, &words)) == 0) {
		struct label_clearance *clearance = clearance_new(words.policy);

		err = clearance ? 0 : TRUNK_ENOMEM;
		if (clearance) {
			memcpy(clearance->classes, words.classes, sizeof(clearance->classes));
			clearance_take(clearance, &words.values);
			*ret_clearance = clearance;
		}
	}
	arena_fini(&arena);
	return err;
}

int label_parse_words(struct arena *arena, struct str text, const struct label_options *options, struct label *ret_label,
		      char ret_why[static LABEL_WHY_SIZE])
{
	struct label label = {.form = LABEL_FORM_WORDS};
	struct words words = {.why = ret_why};
	int err;

	why(ret_why, "no memory");
	if ((err = words_parse(arena, options->policies, text, &words)) < 0)
		return err == TRUNK_ENOENT ? TRUNK_EINVAL : err;
	if (words.class_count != 1) {
		why(ret_why, "a label has one class, and this has %u", words.class_count);
		return TRUNK_EINVAL;
	}
	label_set(&label, words.policy, words.class, &words.values);
	label.policy_name = words.policy->name;
	*ret_label = label;
	return 0;
}

/* "; Releasable To=XAA,XBB" for each tag that has values. A set of one tag goes by the set's name, as when read. */
static int values_write(const struct label_policy *policy, const uint64_t *bits, struct buf *out)
{
	const struct label_tag *tag = NULL;
	int err = 0;

	BITS_EACH(i, bits, policy->words) {
		const struct label_value *value = &policy->values[i];
		const bool is_first = value->tag != tag;

		tag = value->tag;
		if (is_first && (err = buf_add(out, STR("; "))) == 0 &&
		    (err = buf_add(out, tag->value_count == tag->set->value_count ? tag->set->name : tag->name)) == 0)
			err = buf_add(out, STR("="));
		else if (!is_first)
			err = buf_add(out, STR(","));
		if (err || (err = buf_add(out, value->name)) < 0)
			return err;
	}
	return 0;
}

/* Takes back what was added behind `before` where the rest failed. */
static int words_end(struct buf *out, size_t before, int err)
{
	if (err)
		out->end = out->start + before;
	return err;
}

int label_write_words(const struct label *label, struct buf *out)
{
	const size_t before = buf_len(out);
	int err;

	if (label->fault.why != LABEL_GRANTED)
		return TRUNK_EINVAL;
	if ((err = buf_add(out, label->policy->name)) == 0 && (err = buf_add(out, STR(": "))) == 0 &&
	    (err = buf_add(out, label->class->name)) == 0)
		err = values_write(label->policy, label->values, out);
	return words_end(out, before, err);
}

int label_clearance_write_words(const struct label_clearance *clearance, struct buf *out)
{
	const struct label_policy *policy = clearance->policy;
	const size_t before = buf_len(out);
	bool is_first = true;
	int err;

	if ((err = buf_add(out, policy->name)) == 0)
		err = buf_add(out, STR(":"));
	BITS_EACH(i, clearance->classes, LABEL_CLASSES_MAX / 64) {
		if (!err && (err = buf_add(out, is_first ? STR(" ") : STR(","))) == 0)
			err = buf_add(out, policy->classes[i].name);
		is_first = false;
	}
	if (!err)
		err = values_write(policy, clearance->values, out);
	return words_end(out, before, err);
}
