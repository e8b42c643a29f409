/* SPDX-License-Identifier: Apache-2.0
 * The line that people read: label-policy 4.1. */
#include "label/label_internal.h"

/* One line while it is made. */
struct line {
	const struct label *label;
	struct str lang, primary;       /* primary: "fr" of "fr-CA" */
	unsigned place;                 /* MARK_… */
	struct str separator;
	struct buf text;
};

/* How well a language fits: 3 exactly, 2 the primary one, 1 no language, 0 not at all. */
static unsigned lang_fit(const struct line *line, struct str lang)
{
	if (lang.len == 0)
		return 1;
	return str_eq_nocase(lang, line->lang) ? 3 : str_eq_nocase(lang, line->primary) ? 2 : 0;
}

/* The first phrase for the place, in the best of the languages that there are. NULL: none. */
static const struct marking_data *data_of(const struct line *line, const struct marking *marking)
{
	const struct marking_data *found = NULL;
	unsigned best = 0;

	for (const struct marking_data *d = marking->data; d; d = d->next)
		best = lang_fit(line, d->lang) > best ? lang_fit(line, d->lang) : best;
	for (const struct marking_data *d = marking->data; d && best && !found; d = d->next)
		if (lang_fit(line, d->lang) == best && (d->codes & line->place))
			found = d;
	return found;
}

static struct str qualifier_of(const struct line *line, const struct marking *marking, enum marking_part part)
{
	struct str text = STR("");
	unsigned best = 0;

	for (const struct marking_qualifier *q = marking->qualifiers; q; q = q->next) {
		if (q->part != part || lang_fit(line, q->lang) <= best)
			continue;
		best = lang_fit(line, q->lang);
		text = q->text;
	}
	return text;
}

/* What stands for a class or value: its name, its phrase, or nothing. `outer` (may be NULL) speaks where `own` says nothing. */
static struct str phrase_of(const struct line *line, const struct marking *own, const struct marking *outer, struct str name)
{
	const struct marking_data *data = data_of(line, own);

	if (!data && outer)
		data = data_of(line, outer);
	if (!data)
		return name;
	if (data->codes & (MARK_NO_NAME | MARK_NO_MARKING))
		return STR("");
	return (data->codes & MARK_REPLACE_POLICY) || str_is_absent(data->phrase) ? name : data->phrase;
}

/* A phrase that takes the place of the policy's name; false: there is none here. */
static bool replaces(const struct line *line, const struct marking *marking, struct str name, struct str *ret_phrase)
{
	const struct marking_data *data = data_of(line, marking);

	if (!data || !(data->codes & MARK_REPLACE_POLICY))
		return false;
	*ret_phrase = str_is_absent(data->phrase) ? name : data->phrase;
	return true;
}

static struct str policy_phrase(const struct line *line)
{
	const struct label *label = line->label;
	const struct label_policy *policy = label->policy;
	const struct marking_data *data;
	struct str phrase;

	if (replaces(line, &policy->marking, policy->name, &phrase) ||
	    replaces(line, &label->class->marking, label->class->name, &phrase))
		return phrase;
	BITS_EACH(i, label->values, policy->words)
		if (replaces(line, &policy->values[i].marking, policy->values[i].name, &phrase))
			return phrase;
	data = data_of(line, &policy->marking);
	return data && (data->codes & MARK_NO_NAME) ? STR("") : phrase_of(line, &policy->name_marking, NULL, policy->name);
}

static bool class_is_suppressed(const struct line *line)
{
	const struct label_policy *policy = line->label->policy;

	BITS_EACH(i, line->label->values, policy->words) {
		const struct marking_data *data = data_of(line, &policy->values[i].marking);

		if (data && (data->codes & MARK_SUPPRESS_CLASS))
			return true;
	}
	return false;
}

/* Adds a part of the line behind the separator. */
static int part_add(struct line *line, struct str prefix, struct str text)
{
	int err = 0;

	if (buf_len(&line->text) > 0)
		err = buf_add(&line->text, line->separator);
	if (!err && (err = buf_add(&line->text, prefix)) == 0)
		err = buf_add(&line->text, text);
	return err;
}

static int class_add(struct line *line)
{
	const struct label_class *class = line->label->class;
	const struct str text = phrase_of(line, &class->marking, NULL, class->name);

	return class_is_suppressed(line) || text.len == 0 ? 0 : part_add(line, STR(""), text);
}

/* The values, each tag with its prefix and suffix around what is shown of it. */
static int values_add(struct line *line)
{
	const struct label_policy *policy = line->label->policy;
	const struct label_tag *tag = NULL;
	struct str suffix = STR(""), separator = STR("/");
	int err = 0;

	BITS_EACH(i, line->label->values, policy->words) {
		const struct label_value *value = &policy->values[i];
		const struct str text = phrase_of(line, &value->marking, &value->tag->marking, value->name);

		if (text.len == 0)
			continue;
		if (value->tag == tag) {
			if ((err = buf_add(&line->text, separator)) < 0 || (err = buf_add(&line->text, text)) < 0)
				return err;
			continue;
		}
		tag = value->tag;
		if ((err = buf_add(&line->text, suffix)) < 0 ||
		    (err = part_add(line, qualifier_of(line, &tag->marking, MARKING_PREFIX), text)) < 0)
			return err;
		suffix = qualifier_of(line, &tag->marking, MARKING_SUFFIX);
		separator = qualifier_of(line, &tag->marking, MARKING_SEPARATOR);
		separator = separator.len ? separator : STR("/");
	}
	return buf_add(&line->text, suffix);
}

static int line_write(struct line *line, struct buf *out)
{
	const struct marking *marking = &line->label->policy->marking;
	const struct str prefix = qualifier_of(line, marking, MARKING_PREFIX),
			 suffix = qualifier_of(line, marking, MARKING_SUFFIX);
	int err;

	line->separator = qualifier_of(line, marking, MARKING_SEPARATOR);
	line->separator = line->separator.len ? line->separator : STR(" ");
	if ((err = buf_add(&line->text, policy_phrase(line))) < 0 || (err = class_add(line)) < 0 ||
	    (err = values_add(line)) < 0)
		return err;
	if ((err = buf_reserve(out, prefix.len + buf_len(&line->text) + suffix.len)) < 0)
		return err;
	buf_add(out, prefix);
	buf_add(out, buf_str(&line->text));
	return buf_add(out, suffix);
}

static unsigned place_code(enum label_place place)
{
	static const unsigned codes[] = {0,
					 MARK_PAGE_BOTTOM,
					 MARK_PAGE_TOP,
					 MARK_DOCUMENT_START,
					 MARK_DOCUMENT_END,
					 MARK_FIRST_LINE,
					 MARK_LAST_LINE,
					 MARK_SUBJECT};

	return codes[place];
}

int label_marking_write(const struct label *label, struct str lang, enum label_place place, struct buf *out)
{
	struct line line = {
		.label = label, .lang = lang, .place = place_code(place), .text = {.limit = LABEL_MARKING_BYTES_MAX}};
	int err;

	if (label->fault.why != LABEL_GRANTED)
		return TRUNK_EINVAL;
	line.primary = str_until(lang, str_find(str_until(lang, str_find(lang, '-')), '_'));
	err = line_write(&line, out);
	buf_fini(&line.text);
	return err;
}

/* ---- colours ---- */

/* The words of XEP-0258 §9, with the spelling that its schema has for fuchsia. */
static const struct color {
	const char *name, *alias;
	uint32_t rgb;
} colors[] = {
	{"aqua", NULL, 0x00FFFF},   {"black", NULL, 0},        {"blue", NULL, 0x0000FF},   {"fuschia", "fuchsia", 0xFF00FF},
	{"gray", NULL, 0x808080},   {"green", NULL, 0x008000}, {"lime", NULL, 0x00FF00},   {"maroon", NULL, 0x800000},
	{"navy", NULL, 0x000080},   {"olive", NULL, 0x808000}, {"purple", NULL, 0x800080}, {"red", NULL, 0xFF0000},
	{"silver", NULL, 0xC0C0C0}, {"teal", NULL, 0x008080},  {"white", NULL, 0xFFFFFF},  {"yellow", NULL, 0xFFFF00},
	{"orange", NULL, 0xFFA500},
};

static bool color_parse(struct str text, struct str *ret_word, uint32_t *ret_rgb)
{
	uint32_t rgb = 0;

	for (unsigned i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
		if (!str_eq_nocase(text, str_of(colors[i].name)) &&
		    !(colors[i].alias && str_eq_nocase(text, str_of(colors[i].alias))))
			continue;
		*ret_word = str_of(colors[i].name);
		*ret_rgb = colors[i].rgb;
		return true;
	}
	if (text.len != 7 || text.at[0] != '#')
		return false;
	for (size_t i = 1; i < 7; i++) {
		const char c = text.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
		rgb = rgb << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	*ret_word = text;
	*ret_rgb = rgb;
	return true;
}

void label_marking_colors(const struct label *label, struct str *ret_fgcolor, struct str *ret_bgcolor)
{
	uint32_t rgb;

	*ret_fgcolor = *ret_bgcolor = STR_NONE;
	if (label->fault.why != LABEL_GRANTED || str_is_absent(label->class->color) ||
	    !color_parse(str_trim(label->class->color), ret_bgcolor, &rgb))
		return;
	/* Perceived brightness by ITU-R BT.601. */
	*ret_fgcolor = 299 * (rgb >> 16) + 587 * (rgb >> 8 & 0xFF) + 114 * (rgb & 0xFF) < 110000 ? STR("white") : STR("black");
}
