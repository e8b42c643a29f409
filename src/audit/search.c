/* SPDX-License-Identifier: Apache-2.0
 * Search: which blocks, which of their pairs, which of their records. */
#include "audit/read_internal.h"

#include <stdlib.h>

enum { SEARCH_REST_BLOCKS = 64 };

int audit_reader_open(const char *path, struct buf *why, struct audit_reader **ret_reader)
{
	struct audit_reader *reader = calloc(1, sizeof(*reader));
	int err;

	if (!reader)
		return TRUNK_ENOMEM;
	if ((err = db_open_read(path, why, &reader->db)) < 0)
		audit_reader_close(&reader);
	else
		*ret_reader = reader;
	return err;
}

void audit_reader_close(struct audit_reader **reader)
{
	if (!*reader)
		return;
	db_close(&(*reader)->db);
	arena_fini(&(*reader)->arena);
	buf_fini(&(*reader)->data);
	buf_fini(&(*reader)->entries);
	free(*reader);
	*reader = NULL;
}

/* ---- addresses ---- */

static struct str domain_of(struct str address)
{
	const size_t slash = str_find(address, '/');
	struct str bare = str_until(address, slash);
	const size_t at = str_find(bare, '@');

	return at < bare.len ? str_from(bare, at + 1) : bare;
}

static bool is_address(struct str pattern)
{
	return str_find(pattern, '@') < pattern.len || str_find(pattern, '/') < pattern.len;
}

static bool is_suffix(struct str pattern)
{
	return str_starts(pattern, STR("*."));
}

static bool fits_domain(struct str pattern, struct str domain)
{
	if (str_is_absent(pattern))
		return true;
	if (str_is_absent(domain))
		return false;
	if (pattern.at[0] == '*' && is_suffix(pattern))
		return str_ends(domain, str_from(pattern, 1)) && domain.len > pattern.len - 1;
	return str_eq(domain, pattern);
}

/* A bare address stands for all its resources. */
static bool fits_address(struct str pattern, struct str address)
{
	const struct str bare = str_until(address, str_find(address, '/'));

	if (str_is_absent(pattern) || !is_address(pattern))
		return true;
	return str_eq_nocase(pattern, address) || (str_find(pattern, '/') == pattern.len && str_eq_nocase(pattern, bare));
}

void reader_prepare(struct audit_reader *reader, const struct audit_query *query)
{
	reader->from_domain = query->from.at && is_address(query->from) ? domain_of(query->from) : query->from;
	reader->to_domain = query->to.at && is_address(query->to) ? domain_of(query->to) : query->to;
}

static bool has_pair(const struct audit_reader *reader, const struct block_pair *pair)
{
	return fits_domain(reader->from_domain, pair->sender) && fits_domain(reader->to_domain, pair->target);
}

/* ---- one block ---- */

static int compare_entries(const void *a, const void *b)
{
	const struct audit_entry *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int read_pair(struct audit_reader *reader, const struct block_view *view, const struct block_pair *pair, const struct db_block *block,
		     struct str bytes)
{
	struct audit_entry entry;
	int err;

	while ((err = block_read_record(view, pair, block->numbers.first, &bytes, &entry)) == 0 || err == TRUNK_ECRYPTO)
		if ((err = buf_add(&reader->entries, str_make((const char *)&entry, sizeof(entry)))) < 0)
			return err;
	return err == TRUNK_ENOENT ? 0 : err;
}

/* Reads the places of the wanted pairs first, since the buffer may move while it grows. */
static int read_pairs(struct audit_reader *reader, const struct block_view *view, const struct db_block *block)
{
	size_t at = 0;
	int err;

	buf_clear(&reader->data);
	for (unsigned i = 0; i < view->pair_count; i++)
		if (has_pair(reader, &view->pairs[i]) &&
		    (err = db_read_data(reader->db, block->numbers.id, view->pairs[i].at, view->pairs[i].len, &reader->data)) < 0)
			return err;
	for (unsigned i = 0; i < view->pair_count; i++) {
		if (!has_pair(reader, &view->pairs[i]))
			continue;
		if ((err = read_pair(reader, view, &view->pairs[i], block, str_make(reader->data.at + reader->data.start + at, view->pairs[i].len))) < 0)
			return err;
		at += view->pairs[i].len;
	}
	return 0;
}

/* A look at the texts of its head tells of most blocks that there is nothing in them. */
static bool may_have(const struct audit_reader *reader, const struct audit_query *query, struct str head)
{
	const struct str from = reader->from_domain, to = reader->to_domain;

	return (!query->rule.at || block_has_text(head, query->rule)) && (!from.at || is_suffix(from) || block_has_text(head, from)) &&
	       (!to.at || is_suffix(to) || block_has_text(head, to));
}

int reader_load(struct audit_reader *reader, uint64_t id, const struct audit_query *query, struct db_block *ret_block)
{
	struct block_view view;
	struct str head;
	size_t len;
	int err;

	arena_clear(&reader->arena);
	buf_clear(&reader->entries);
	if ((err = db_get(reader->db, id, ret_block, &head, &len)) < 0)
		return err;
	if (!may_have(reader, query, head))
		return 0;
	head = arena_str(&reader->arena, head);         /* what entries point into */
	if (str_is_absent(head))
		return TRUNK_ENOMEM;
	if ((err = block_read_head(&reader->arena, head, len, &view)) < 0)
		return err;
	if ((err = read_pairs(reader, &view, ret_block)) < 0)
		return err;
	if (view.pair_count > 1 && buf_len(&reader->entries) > 0)
		qsort(reader->entries.at + reader->entries.start, buf_len(&reader->entries) / sizeof(struct audit_entry), sizeof(struct audit_entry),
		      compare_entries);
	return 0;
}

/* ---- the search ---- */

struct search {
	struct audit_reader *reader;
	const struct audit_query *query;
	struct outcomes outcomes;
	struct audit_found found;
	audit_entry_fn *fn;
	void *ctx;
	uint64_t skip;                  /* of what fits: older than the newest `limit` */
	bool is_ended;
};

/* Where stanzas changed their decision later, their blocks do not tell. */
static uint32_t marks_of(const struct search *search)
{
	uint32_t marks = 0;

	if (!search->query->decisions || outcomes_are_there(&search->outcomes))
		return BLOCK_ANY;
	for (unsigned decision = DECISION_PASS; decision <= DECISION_BOUNCE; decision++)
		if (search->query->decisions & 1u << decision)
			marks |= BLOCK_HAS_DECISION(decision);
	return marks;
}

static bool asks_for_stanzas(const struct audit_query *query)
{
	return query->decisions || query->from.at || query->to.at || query->rule.at;
}

static bool class_fits(const struct audit_query *query, const struct audit_entry *entry)
{
	if (query->is_whole)
		return true;
	switch (entry->class) {
	case AUDIT_VERDICT: return true;
	case AUDIT_OUTCOME: return query->has_outcomes || entry->refers == 0;
	case AUDIT_OPERATOR:
	case AUDIT_GAP: return !asks_for_stanzas(query);
	default: return false;
	}
}

static bool fits(struct search *search, struct audit_entry *entry)
{
	const struct audit_query *query = search->query;

	if (entry->number <= query->after || entry->wall_ms < query->since_ms || entry->wall_ms > query->until_ms || !class_fits(query, entry))
		return false;
	if (!query->is_whole)
		outcomes_apply(&search->outcomes, entry);
	if ((query->decisions && !(query->decisions & 1u << entry->decision)) || (query->rule.at && !str_eq(query->rule, entry->rule)))
		return false;
	if ((!entry->from.at && query->from.at && is_address(query->from)) || (!entry->to.at && query->to.at && is_address(query->to))) {
		search->found.without_addresses++;
		return false;
	}
	return fits_address(query->from, entry->from) && fits_address(query->to, entry->to);
}

/* Loads a block and counts what fits in it; with `tells` it is told, too. */
static int look(struct search *search, uint64_t id, bool tells, uint64_t *ret_count)
{
	struct audit_reader *reader = search->reader;
	struct audit_entry *entries;
	struct db_block block;
	size_t count;
	int err = reader_load(reader, id, search->query, &block);

	*ret_count = 0;
	if (err < 0)
		return err == TRUNK_ENOENT ? 0 : err;   /* retention took it meanwhile */
	entries = (struct audit_entry *)(void *)(reader->entries.at + reader->entries.start);
	count = buf_len(&reader->entries) / sizeof(*entries);
	for (size_t i = 0; i < count && !search->is_ended; i++) {
		if (!fits(search, &entries[i]))
			continue;
		(*ret_count)++;
		if (!tells)
			continue;
		if (search->skip > 0) {
			search->skip--;
			continue;
		}
		search->found.entries++;
		search->is_ended = !search->fn(search->ctx, &entries[i]);
	}
	if (tells)
		search->found.last = block.numbers.first + block.numbers.count - 1;
	return 0;
}

/* From the newest block back until there are as many as wanted. Returns where to begin in the list. */
static int find_start(struct search *search, const uint64_t *ids, size_t count, size_t *ret_start)
{
	uint64_t have = 0, here;
	size_t i = count;
	int err;

	while (i > 0 && have < search->query->limit) {
		if ((err = look(search, ids[i - 1], false, &here)) < 0)
			return err;
		have += here;
		i--;
	}
	search->skip = have > search->query->limit ? have - search->query->limit : 0;
	search->found.without_addresses = 0;
	*ret_start = i;
	return 0;
}

static int search_blocks(struct search *search, const uint64_t *ids, size_t count)
{
	size_t i = 0;
	uint64_t here;
	int err = 0;

	if (search->query->limit && (err = find_start(search, ids, count, &i)) < 0)
		return err;
	for (; err == 0 && i < count && !search->is_ended; i++) {
		err = look(search, ids[i], true, &here);
		if (i % SEARCH_REST_BLOCKS == 0)
			db_rest(search->reader->db);    /* a long search must not keep the daemon from shortening its log */
	}
	return err;
}

int audit_reader_search(struct audit_reader *reader, const struct audit_query *query, audit_entry_fn *fn, void *ctx,
			struct audit_found *ret_found)
{
	struct audit_query bounded = *query;
	struct search search = {.reader = reader, .query = &bounded, .fn = fn, .ctx = ctx, .found = {.last = query->after}};
	uint64_t *ids = NULL;
	size_t count = 0;
	int err = 0;

	if (bounded.until_ms == 0)
		bounded.until_ms = INT64_MAX;
	reader_prepare(reader, query);
	if (!query->is_whole && !query->has_outcomes)
		err = outcomes_load(reader, query, &search.outcomes);
	if (err == 0 && (err = db_find(reader->db, bounded.since_ms, bounded.until_ms, marks_of(&search), &ids, &count)) == 0)
		err = search_blocks(&search, ids, count);
	db_rest(reader->db);
	free(ids);
	outcomes_fini(&search.outcomes);
	*ret_found = search.found;
	return err;
}
