/* SPDX-License-Identifier: Apache-2.0
 * The front-end of one loop: packs records into a buffer that the store's thread takes. */
#include "audit/store_internal.h"

#include <stdlib.h>

static void at_end_of_wake_up(void *ctx)
{
	struct audit *audit = ctx;

	audit->patience_ms = FRONT_PATIENCE_MS;
	if (buf_len(&audit->log_lines) > 0)
		log_flush(audit->log, &audit->log_lines);
	if (audit->store && audit->store->is_strict)
		store_wake(audit->store, true);
}

struct audit *audit_new(struct loop *loop, struct log *log, struct audit_store *store, bool is_logged)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		return NULL;
	*audit = (struct audit){.loop = loop, .log = log, .store = store, .is_logged = is_logged, .patience_ms = FRONT_PATIENCE_MS};
	pthread_mutex_init(&audit->lock, NULL);
	defer_init(&audit->flush, at_end_of_wake_up, audit);
	if (store && store_join(store, audit) < 0) {
		audit->store = NULL;
		audit_free(&audit);
	}
	return audit;
}

void audit_free(struct audit **audit)
{
	struct audit *gone = *audit;

	if (!gone)
		return;
	*audit = NULL;
	defer_stop(&gone->flush);
	at_end_of_wake_up(gone);
	if (gone->store)
		store_leave(gone->store, gone);
	pthread_mutex_destroy(&gone->lock);
	buf_fini(&gone->filling);
	buf_fini(&gone->log_lines);
	free(gone);
}

/* ---- one record ---- */

static struct str cut(struct str s, size_t most)
{
	return str_until(s, most);
}

/* "{ns}name" of each child that the reader kept. */
static struct str children_of(const struct xml_element *element, char text[static AUDIT_FACTS_BYTES_MAX])
{
	const unsigned count = element->child_count < XML_CHILDREN_MAX ? element->child_count : XML_CHILDREN_MAX;
	size_t len = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct xml_child *child = &element->children[i];

		if (len + child->ns.len + child->name.len + 3 > AUDIT_FACTS_BYTES_MAX)
			break;
		if (i > 0)
			text[len++] = ' ';
		text[len++] = '{';
		memcpy(text + len, child->ns.at, child->ns.len);
		len += child->ns.len;
		text[len++] = '}';
		memcpy(text + len, child->name.at, child->name.len);
		len += child->name.len;
	}
	return str_make(text, len);
}

/* Takes a number, and packs it. With the lock. Returns as raw_add() does. */
static int pack(struct audit *audit, const struct domain_pair *pair, const struct raw_words *words, struct raw_facts *facts,
		const struct raw_more *more, uint64_t *ret_seq)
{
	struct audit_store *store = audit->store;
	const size_t before = buf_len(&audit->filling);
	int err;

	facts->seq = atomic_fetch_add_explicit(&store->seq, 1, memory_order_seq_cst) + 1;
	err = raw_add(&audit->writer, &audit->filling, pair, words, facts, more);
	atomic_fetch_add_explicit(&store->waiting_bytes, buf_len(&audit->filling) - before, memory_order_relaxed);
	*ret_seq = facts->seq;
	return err;
}

/* Where there is room for it. */
static int put(struct audit *audit, const struct domain_pair *pair, const struct raw_words *words, struct raw_facts *facts,
	       const struct raw_more *more, uint64_t *ret_seq)
{
	struct audit_store *store = audit->store;
	const size_t size = raw_size(pair, words, facts, more);
	bool is_first, is_much;
	size_t before;
	int err;

	if (store->is_strict && atomic_load_explicit(&store->is_failing, memory_order_relaxed))
		return TRUNK_EIO;
	if (atomic_load_explicit(&store->waiting_bytes, memory_order_relaxed) + size > AUDIT_WINDOW_BYTES &&
	    !store_wait_for_room(store, size, &audit->patience_ms))
		return TRUNK_ELIMIT;
	pthread_mutex_lock(&audit->lock);
	before = buf_len(&audit->filling);
	is_first = before == 0 && !store->is_strict;    /* strict is woken at the end of the wake-up, for all of it */
	err = pack(audit, pair, words, facts, more, ret_seq);
	is_much = buf_len(&audit->filling) > STORE_HURRY_BYTES && before <= STORE_HURRY_BYTES;
	pthread_mutex_unlock(&audit->lock);
	if (err == 0 && (is_first || is_much))
		store_wake(store, is_much);
	return err;
}

/* Without strict a disk that fails stops nothing: what finds no room is counted, and the gap becomes a record. */
static int lose(struct audit *audit, int err)
{
	struct audit_store *store = audit->store;

	atomic_fetch_add_explicit(&store->lost, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&store->lost_all, 1, memory_order_relaxed);
	return !store->is_strict && atomic_load_explicit(&store->is_failing, memory_order_relaxed) ? 0 : err;
}

static struct raw_words words_of(const struct audit_record *record, enum audit_level level)
{
	return (struct raw_words){
		.kind = {.class = record->outcome_of ? AUDIT_OUTCOME : AUDIT_VERDICT, .stanza = (uint8_t)record->kind, .decision = (uint8_t)record->decision,
			 .monitor_decision = record->monitor ? (uint8_t)record->monitor_decision : 0, .condition = (uint8_t)record->condition,
			 .proof_in = (uint8_t)record->proof_in, .proof_out = (uint8_t)record->proof_out, .level = (uint8_t)level},
		.line = record->line, .type = cut(record->type, AUDIT_TEXT_BYTES_MAX), .rule = cut(str_of(record->rule), AUDIT_TEXT_BYTES_MAX),
		.label = cut(record->label, AUDIT_TEXT_BYTES_MAX), .monitor = cut(str_of(record->monitor), AUDIT_TEXT_BYTES_MAX),
	};
}

/* What the level asks for of the stanza. */
static struct raw_more more_of(const struct audit_record *record, enum audit_level level, char children[static AUDIT_FACTS_BYTES_MAX])
{
	const struct xml_element *element = record->element;
	struct raw_more more = {.refers = record->outcome_of, .detail = cut(record->reason, AUDIT_TEXT_BYTES_MAX)};

	if (level >= AUDIT_HEADERS) {
		more.from = cut(record->from, AUDIT_ADDRESS_BYTES_MAX);
		more.to = cut(record->to, AUDIT_ADDRESS_BYTES_MAX);
	}
	if (element && level >= AUDIT_HEADERS) {
		more.lang = cut(element->lang, AUDIT_TEXT_BYTES_MAX);
		more.children = children_of(element, children);
	}
	if (element && level == AUDIT_FULL)
		more.body = element->bytes;
	else if (element && level >= AUDIT_HASH)
		more.hashed = element->bytes;
	return more;
}

static int keep(struct audit *audit, const struct audit_record *record, uint64_t *ret_seq)
{
	const enum audit_level level = record->level ? record->level : (enum audit_level)atomic_load_explicit(&audit->store->level, memory_order_relaxed);
	const struct raw_words words = words_of(record, level);
	struct raw_facts facts = {.wall_ms = record->wall_ms, .size_bytes = record->size_bytes, .id = cut(record->id, AUDIT_TEXT_BYTES_MAX)};
	char children[AUDIT_FACTS_BYTES_MAX];
	struct raw_more more;

	if (level == AUDIT_BRIEF && !record->outcome_of && !record->reason.at)
		return put(audit, &record->pair, &words, &facts, NULL, ret_seq);
	more = more_of(record, level, children);
	return put(audit, &record->pair, &words, &facts, &more, ret_seq);
}

/* ---- a line of the log ---- */

static void log_record(struct audit *audit, const struct audit_record *record)
{
	const struct log_kv kv[] = {
		KV("sender", record->pair.sender), KV("target", record->pair.target), KV_C("kind", stanza_kind_text(record->kind)),
		KV("type", record->type), KV("id", record->id), KV_N("size", record->size_bytes),
		KV_C("decision", decision_text(record->decision)), KV_C("rule", record->rule),
		KV_C("condition", stanza_condition_text(record->condition)), KV_C("proof_in", proof_text(record->proof_in)),
		KV_C("proof_out", proof_text(record->proof_out)), KV("label", record->label), KV("reason", record->reason), KV_C("monitor", record->monitor),
	};
	size_t count = sizeof(kv) / sizeof(kv[0]);

	while (count > 11 && !kv[count - 1].str.at)     /* the last three only where they are */
		count--;
	log_add(audit->log, &audit->log_lines, LOG_INFO, "verdict", kv, count);
}

int audit_record(struct audit *audit, const struct audit_record *record, uint64_t *ret_seq)
{
	uint64_t seq = 0;
	int err = 0;

	if (audit->is_logged && log_has(audit->log, LOG_INFO))
		log_record(audit, record);
	if (audit->store && (err = keep(audit, record, &seq)) < 0)
		err = lose(audit, err);
	if (audit->is_logged || (audit->store && audit->store->is_strict) || audit->patience_ms < FRONT_PATIENCE_MS)
		defer_start(audit->loop, &audit->flush);
	if (err == 0 && ret_seq)
		*ret_seq = seq;
	return err;
}

int audit_operator(struct audit *audit, unsigned uid, const char *command, struct str detail)
{
	static const struct domain_pair nobody;
	const struct raw_words words = {.kind = {.class = AUDIT_OPERATOR}, .type = cut(str_of(command), AUDIT_TEXT_BYTES_MAX)};
	const struct raw_more more = {.uid = uid, .detail = cut(detail, AUDIT_FACTS_BYTES_MAX)};
	struct raw_facts facts = {.wall_ms = loop_wall_ms(audit->loop)};
	uint64_t seq = 0;
	int err;

	LOG(audit->log, LOG_NOTICE, "operator", KV_N("uid", uid), KV_C("command", command), KV("detail", detail));
	if (!audit->store)
		return 0;
	err = put(audit, &nobody, &words, &facts, &more, &seq);
	if (audit->store->is_strict)
		defer_start(audit->loop, &audit->flush);
	return err < 0 ? lose(audit, err) : 0;
}

bool audit_state(const struct audit *audit, struct audit_state *ret_state)
{
	if (!audit || !audit->store)
		return false;
	audit_store_state(audit->store, ret_state);
	return true;
}

/* ---- strict ---- */

bool audit_is_strict(const struct audit *audit)
{
	return audit->store && audit->store->is_strict;
}

uint64_t audit_durable(const struct audit *audit)
{
	return audit_is_strict(audit) ? atomic_load_explicit(&audit->store->durable, memory_order_acquire) : UINT64_MAX;
}

void audit_on_durable(struct audit *audit, timer_fn *fn, void *ctx)
{
	pthread_mutex_lock(&audit->lock);
	audit->on_durable = fn;
	audit->on_durable_ctx = ctx;
	pthread_mutex_unlock(&audit->lock);
}
