/* SPDX-License-Identifier: Apache-2.0
 * Questions to authoritative servers (XEP-0220 §2.3): one stream for each pair of asker and authority, kept for a while. */
#include "outbound/outbound_internal.h"

#include <stdlib.h>

enum {
	VERIFIER_KEEP_MS = 1000,        /* that a stream without questions stays for the next */
	VERIFIERS_MAX = 2000,           /* streams that only ask, of all workers together … */
	VERIFIERS_PER_AUTHORITY_MAX = 64,       /* … and to one authoritative server's domain: an unproved key costs it a connection */
};

struct verify {
	struct list link;               /* in its verifier */
	struct verifier *verifier;
	char *stream_id, *key;          /* owned */
	bool is_asked;                  /* on the stream that is up now */
	struct timer timeout;
	verify_fn *fn;
	void *ctx;
};

/* Pair of the stream: we (the target domain of the question) are its sender, the authority its target. */
struct verifier {
	struct outbound *outbound;
	struct domain_pair pair;        /* points into key */
	uint64_t id;
	struct initiator initiator;
	struct list questions;          /* of struct verify */
	struct timer keep;
	struct defer start;
	int64_t since_wall_ms;
	UT_hash_handle hh;
	char key[];
};

static void on_keep(void *ctx);

/* Nothing is asked any more: the stream is let go of soon. */
static void rest(struct verifier *verifier)
{
	if (list_is_empty(&verifier->questions) && verifier->initiator.state != INITIATOR_IDLE)
		timer_start(verifier->outbound->site->loop, &verifier->keep, VERIFIER_KEEP_MS, on_keep, verifier);
}

static void verify_free(struct verify *verify)
{
	list_remove(&verify->link);
	timer_stop(&verify->timeout);
	free(verify->stream_id);
	free(verify->key);
	free(verify);
}

static void answer(struct verify *verify, enum verify_answer what, const char *why)
{
	verify_fn *fn = verify->fn;
	void *ctx = verify->ctx;

	verify_free(verify);
	fn(ctx, what, why);
}

static void answer_all(struct verifier *verifier, enum verify_answer what, const char *why)
{
	while (!list_is_empty(&verifier->questions))
		answer(LIST_OF(verifier->questions.next, struct verify, link), what, why);
}

static int ask(struct verifier *verifier, struct verify *verify)
{
	const struct dialback question = {
		.kind = DIALBACK_VERIFY, .type = DIALBACK_REQUEST, .from = verifier->pair.sender, .to = verifier->pair.target,
		.id = str_of(verify->stream_id), .key = str_of(verify->key),
	};
	struct buf out = {0};
	int err;

	if ((err = dialback_write(&out, &question)) == 0)
		err = channel_write(&verifier->initiator.channel, buf_str(&out));
	buf_fini(&out);
	verify->is_asked = err == 0;
	return err;
}

/* A question that could not be written would wait for its answer in vain, and whoever joins it, too: then all are told at once. */
static void ask_all(struct verifier *verifier)
{
	int err = 0;

	LIST_EACH (pos, &verifier->questions) {
		struct verify *verify = LIST_OF(pos, struct verify, link);

		if (err == 0 && !verify->is_asked)
			err = ask(verifier, verify);
	}
	if (err == 0 || err == TRUNK_ECLOSED)   /* the connection's end is told by itself */
		return;
	initiator_stop(&verifier->initiator);
	answer_all(verifier, VERIFY_TIMEOUT, error_text(err));
}

static void on_ready(void *ctx)
{
	struct verifier *verifier = ctx;

	verifier->since_wall_ms = loop_wall_ms(verifier->outbound->site->loop);
	ask_all(verifier);
	rest(verifier);
}

static void on_keep(void *ctx)
{
	struct verifier *verifier = ctx;

	if (!list_is_empty(&verifier->questions))
		return;
	if (initiator_is_ready(&verifier->initiator))
		initiator_end(&verifier->initiator, STREAM_CONDITION_NONE, NULL);
	else if (verifier->initiator.state != INITIATOR_ENDING)
		initiator_stop(&verifier->initiator);
}

static enum verify_answer answer_of(const struct dialback *dialback)
{
	if (dialback->type == DIALBACK_VALID)
		return VERIFY_VALID;
	if (dialback->type == DIALBACK_INVALID)
		return VERIFY_INVALID;
	switch (dialback->condition) {
	case COND_ITEM_NOT_FOUND: case COND_REMOTE_SERVER_NOT_FOUND: return VERIFY_NOT_FOUND;
	case COND_REMOTE_CONNECTION_FAILED: return VERIFY_UNREACHABLE;
	case COND_POLICY_VIOLATION: return VERIFY_POLICY;
	default: return VERIFY_TIMEOUT;
	}
}

/* Only a question that went over this very stream can be answered on it (XEP-0220 §4). */
static struct verify *question_of(struct verifier *verifier, const struct dialback *dialback)
{
	struct domain from, to;

	if (dialback->kind != DIALBACK_VERIFY || dialback->type == DIALBACK_REQUEST || domain_normalise(dialback->from, &from) < 0 ||
	    domain_normalise(dialback->to, &to) < 0)
		return NULL;
	if (!str_eq(domain_str(&from), verifier->pair.target) || !str_eq(domain_str(&to), verifier->pair.sender))
		return NULL;
	LIST_EACH (pos, &verifier->questions) {
		struct verify *verify = LIST_OF(pos, struct verify, link);

		if (verify->is_asked && str_eq(dialback->id, str_of(verify->stream_id)))
			return verify;
	}
	return NULL;
}

static void on_answer(struct verifier *verifier, const struct dialback *dialback)
{
	struct verify *verify = question_of(verifier, dialback);

	if (!verify) {
		LOG(verifier->outbound->site->log, LOG_WARNING, "dialback-unasked", KV_N("stream", verifier->id), KV_C("role", "receiving"),
		    KV("authority", verifier->pair.target), KV("from", dialback->from), KV("to", dialback->to));
		return;
	}
	answer(verify, answer_of(dialback), "the authoritative server's answer");
	rest(verifier);
}

static void on_element(void *ctx, const struct xml_element *element)
{
	struct verifier *verifier = ctx;
	const struct limits *limits = verifier->outbound->site->limits;
	const struct xml_limits xml = {.element_bytes = limits->stanza_bytes, .depth = limits->depth, .attributes = limits->attributes};
	struct arena arena = {0};
	struct dialback dialback;
	struct xml_node *node;

	if (str_eq(element->ns, STR(NS_DIALBACK)) &&
	    xml_tree_parse(&arena, element->bytes, xml_reader_header(verifier->initiator.channel.reader), &xml, &node) == 0 &&
	    dialback_parse(&arena, node, &dialback) == 0)
		on_answer(verifier, &dialback);
	arena_fini(&arena);
}

static void on_drained(void *ctx)
{
	(void)ctx;
}

static void on_failed(void *ctx, const struct initiator_failure *failure)
{
	struct verifier *verifier = ctx;
	enum verify_answer what = VERIFY_TIMEOUT;

	verifier->since_wall_ms = 0;
	if (list_is_empty(&verifier->questions))
		return;
	if (failure->err == 0) {        /* it ended in order while a new question came: that goes over a new stream */
		LIST_EACH (pos, &verifier->questions)
			LIST_OF(pos, struct verify, link)->is_asked = false;
		defer_start(verifier->outbound->site->loop, &verifier->start);
		return;
	}
	initiator_remember(&verifier->initiator, "verify", "receiving", failure->why);
	if (failure->condition == COND_REMOTE_SERVER_NOT_FOUND)
		what = VERIFY_NOT_FOUND;
	else if (failure->err == TRUNK_EREFUSED || failure->err == TRUNK_EUNREACHABLE || failure->err == TRUNK_EDNS_FAIL)
		what = VERIFY_UNREACHABLE;
	else if (failure->err == TRUNK_EPOLICY || failure->err == TRUNK_ECERT)
		what = VERIFY_POLICY;
	answer_all(verifier, what, failure->why);
}

static const struct initiator_handler verifier_handler = {
	.ready = on_ready, .element = on_element, .drained = on_drained, .failed = on_failed,
};

static void start(void *ctx)
{
	struct verifier *verifier = ctx;
	const struct spoke *spoke = route_find(verifier->outbound->site->route, verifier->pair.target);

	if (verifier->initiator.state != INITIATOR_IDLE || list_is_empty(&verifier->questions))
		return;
	if (spoke)
		initiator_start(&verifier->initiator, spoke);
	else
		answer_all(verifier, VERIFY_NOT_FOUND, "the sender domain is not served");
}

static bool has_room(const struct outbound *outbound, struct str authority)
{
	struct crew *crew = outbound->site->crew;

	return crew_name_count(crew, CREW_AUTHORITIES, STR_NONE) < VERIFIERS_MAX &&
	       crew_name_count(crew, CREW_AUTHORITIES, authority) < VERIFIERS_PER_AUTHORITY_MAX;
}

static struct verifier *verifier_get(struct outbound *outbound, const struct domain_pair *stream)
{
	char key[PAIR_KEY_SIZE];
	const size_t len = pair_key(stream, key, sizeof(key));
	struct verifier *verifier;

	HASH_FIND(hh, outbound->verifiers, key, len, verifier);
	if (verifier || len == 0)
		return verifier;
	if (!has_room(outbound, stream->target))
		verifiers_sweep(outbound);
	if (!has_room(outbound, stream->target))
		return NULL;
	if (!(verifier = calloc(1, sizeof(*verifier) + len)))
		return NULL;
	memcpy(verifier->key, key, len);
	verifier->pair = (struct domain_pair){.sender = str_make(verifier->key, stream->sender.len),
					      .target = str_make(verifier->key + stream->sender.len + 1, stream->target.len)};
	HASH_ADD_KEYPTR(hh, outbound->verifiers, verifier->key, len, verifier);
	if (!HASH_WAS_ADDED(verifier)) {
		free(verifier);
		return NULL;
	}
	if (crew_name_add(outbound->site->crew, CREW_AUTHORITIES, verifier->pair.target) < 0) {
		HASH_DEL(outbound->verifiers, verifier);
		free(verifier);
		return NULL;
	}
	verifier->outbound = outbound;
	verifier->id = outbound_next_id(outbound);
	list_init(&verifier->questions);
	defer_init(&verifier->start, start, verifier);
	initiator_init(&verifier->initiator, outbound->site, INITIATOR_VERIFY, &verifier->pair, &verifier_handler, verifier);
	return verifier;
}

/* A stream that did not answer once is not asked again: what else waits goes over a new one. */
static void on_timeout(void *ctx)
{
	struct verify *verify = ctx;
	struct verifier *verifier = verify->verifier;

	if (verify->is_asked) {
		initiator_stop(&verifier->initiator);
		LIST_EACH (pos, &verifier->questions)
			LIST_OF(pos, struct verify, link)->is_asked = false;
		defer_start(verifier->outbound->site->loop, &verifier->start);
	}
	answer(verify, VERIFY_TIMEOUT, "the authoritative server did not answer within limits.handshake-timeout");
}

struct verify *outbound_verify(struct outbound *outbound, const struct domain_pair *pair, struct str stream_id, struct str key,
			       verify_fn *fn, void *ctx)
{
	const struct domain_pair stream = {.sender = pair->target, .target = pair->sender};
	struct verifier *verifier = verifier_get(outbound, &stream);
	struct verify *verify = verifier ? calloc(1, sizeof(*verify)) : NULL;

	if (!verify)
		return NULL;
	list_init(&verify->link);
	verify->verifier = verifier;
	verify->fn = fn;
	verify->ctx = ctx;
	verify->stream_id = str_dup(stream_id);
	verify->key = str_dup(key);
	if (!verify->stream_id || !verify->key) {
		verify_free(verify);
		return NULL;
	}
	timer_start(outbound->site->loop, &verify->timeout, outbound->site->limits->handshake_timeout_ms, on_timeout, verify);
	list_add_tail(&verifier->questions, &verify->link);
	timer_stop(&verifier->keep);
	if (initiator_is_ready(&verifier->initiator))
		ask_all(verifier);
	else
		defer_start(outbound->site->loop, &verifier->start);
	return verify;
}

void verify_cancel(struct verify **verify)
{
	struct verifier *verifier = *verify ? (*verify)->verifier : NULL;

	if (!verifier)
		return;
	verify_free(*verify);
	*verify = NULL;
	rest(verifier);
}

void verifiers_each(struct outbound *outbound, stream_info_fn *fn, void *ctx)
{
	struct verifier *verifier, *next;

	HASH_ITER(hh, outbound->verifiers, verifier, next) {
		struct stream_info info = {.id = verifier->id, .leg = "verify", .role = "receiving", .reason = "",
					   .since_ms = verifier->since_wall_ms};
		char names[256];

		if (verifier->initiator.state == INITIATOR_IDLE)
			continue;
		initiator_describe(&verifier->initiator, &info, names);
		fn(ctx, &info);
	}
}

void verifiers_stop(struct outbound *outbound)
{
	struct verifier *verifier, *next;

	HASH_ITER(hh, outbound->verifiers, verifier, next) {
		initiator_stop(&verifier->initiator);
		answer_all(verifier, VERIFY_TIMEOUT, "the configuration changed or the trunk stops");
	}
}

void verifiers_restart(struct outbound *outbound)
{
	struct verifier *verifier, *next;

	HASH_ITER(hh, outbound->verifiers, verifier, next) {
		initiator_stop(&verifier->initiator);
		LIST_EACH (pos, &verifier->questions)
			LIST_OF(pos, struct verify, link)->is_asked = false;
		defer_start(outbound->site->loop, &verifier->start);
	}
}

static void verifier_free(struct verifier *verifier)
{
	HASH_DEL(verifier->outbound->verifiers, verifier);
	crew_name_remove(verifier->outbound->site->crew, CREW_AUTHORITIES, verifier->pair.target);
	initiator_fini(&verifier->initiator);
	timer_stop(&verifier->keep);
	defer_stop(&verifier->start);
	LIST_EACH (pos, &verifier->questions)
		verify_free(LIST_OF(pos, struct verify, link));
	free(verifier);
}

void verifiers_sweep(struct outbound *outbound)
{
	struct verifier *verifier, *next;

	HASH_ITER(hh, outbound->verifiers, verifier, next)
		if (verifier->initiator.state == INITIATOR_IDLE && list_is_empty(&verifier->questions))
			verifier_free(verifier);
}

void verifiers_free(struct outbound *outbound)
{
	struct verifier *verifier, *next;

	HASH_ITER(hh, outbound->verifiers, verifier, next)
		verifier_free(verifier);
}
