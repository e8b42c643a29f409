/* SPDX-License-Identifier: Apache-2.0
 * What became of stanzas after their first record: gathered once for a search, and found by the number of that record. */
#include "audit/read_internal.h"

#include <stdlib.h>

struct outcome {
	uint64_t refers;
	size_t text, text_len;          /* in texts */
	enum decision decision;
	enum stanza_condition condition;
};

/* Reasons are few: the same as the last one is kept once. */
static int keep_text(struct outcomes *outcomes, struct str text, struct outcome *outcome)
{
	const size_t len = buf_len(&outcomes->texts);

	outcome->text_len = text.len;
	if (len >= text.len && text.len && memcmp(outcomes->texts.at + outcomes->texts.end - text.len, text.at, text.len) == 0) {
		outcome->text = len - text.len;
		return 0;
	}
	outcome->text = len;
	return buf_add(&outcomes->texts, text.at ? text : STR(""));
}

static int keep_block(struct audit_reader *reader, struct outcomes *outcomes)
{
	const struct audit_entry *entries = (const struct audit_entry *)(void *)(reader->entries.at + reader->entries.start);
	const size_t count = buf_len(&reader->entries) / sizeof(*entries);
	int err;

	for (size_t i = 0; i < count; i++) {
		struct outcome outcome = {.refers = entries[i].refers, .decision = entries[i].decision, .condition = entries[i].condition};

		if (entries[i].class != AUDIT_OUTCOME || entries[i].refers == 0)
			continue;
		if ((err = keep_text(outcomes, entries[i].rule, &outcome)) < 0 ||
		    (err = buf_add(&outcomes->list, str_make((const char *)&outcome, sizeof(outcome)))) < 0)
			return err;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct outcome *x = a, *y = b;

	return (x->refers > y->refers) - (x->refers < y->refers);
}

static struct outcome *list_of(const struct outcomes *outcomes, size_t *ret_count)
{
	*ret_count = buf_len(&outcomes->list) / sizeof(struct outcome);
	return (struct outcome *)(void *)(outcomes->list.at + outcomes->list.start);
}

int outcomes_load(struct audit_reader *reader, const struct audit_query *query, struct outcomes *outcomes)
{
	const struct audit_query sides = {.from = query->from, .to = query->to};
	struct outcome *list;
	uint64_t *ids = NULL;
	size_t count = 0;
	struct db_block block;
	int err = db_find(reader->db, query->since_ms, INT64_MAX, BLOCK_HAS_CLASS(AUDIT_OUTCOME), &ids, &count);

	for (size_t i = 0; err == 0 && i < count; i++) {
		if ((err = reader_load(reader, ids[i], &sides, &block)) == 0)
			err = keep_block(reader, outcomes);
		else if (err == TRUNK_ENOENT)
			err = 0;
	}
	db_rest(reader->db);
	free(ids);
	list = list_of(outcomes, &count);
	if (count > 1)
		qsort(list, count, sizeof(*list), compare);
	return err;
}

bool outcomes_are_there(const struct outcomes *outcomes)
{
	return buf_len(&outcomes->list) > 0;
}

void outcomes_apply(const struct outcomes *outcomes, struct audit_entry *entry)
{
	const struct outcome key = {.refers = entry->seq}, *found;
	const struct outcome *list;
	size_t count;

	list = list_of(outcomes, &count);
	if (count == 0 || entry->class != AUDIT_VERDICT || !(found = bsearch(&key, list, count, sizeof(*list), compare)))
		return;
	entry->decision = found->decision;
	entry->condition = found->condition;
	entry->detail = str_make(outcomes->texts.at + outcomes->texts.start + found->text, found->text_len);
}

void outcomes_fini(struct outcomes *outcomes)
{
	buf_fini(&outcomes->list);
	buf_fini(&outcomes->texts);
}
