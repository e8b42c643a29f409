/* SPDX-License-Identifier: Apache-2.0
 * One stream that a peer opened: header, features, elements, time limits. */
#include "inbound/sm.h"

#include <stdlib.h>

static const struct channel_handler channel_handler;

static void on_timeout(void *ctx);

void receiver_write(struct receiver *r, struct buf *out)
{
	channel_write(&r->channel, buf_str(out));
	buf_fini(out);
	if (r->state != RECEIVER_OPEN)
		return;
	if (channel_pending(&r->channel) > RECEIVER_PENDING_BYTES_MAX)
		receiver_close(r, STREAM_POLICY_VIOLATION, "the peer does not read what it asked for");
	else if (channel_pending(&r->channel) > RECEIVER_PENDING_BYTES)
		receiver_read(r);
}

enum log_level receiver_level(struct receiver *r)
{
	return r->warnings++ < RECEIVER_LOUD_MAX ? LOG_WARNING : LOG_DEBUG;
}

static void on_free(void *ctx)
{
	struct receiver *r = ctx;

	receiver_free(&r);
}

struct receiver *receiver_new(struct inbound *inbound, const struct site *site, struct relay *relay, bool is_direct,
			      struct address_entry *address)
{
	struct receiver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->inbound = inbound;
	r->site = site;
	r->relay = relay;
	r->is_direct = is_direct;
	r->address = address;
	r->state = RECEIVER_HEADER;
	list_init(&r->link);
	defer_init(&r->free, on_free, r);
	defer_init(&r->move, receiver_move_now, r);
	return r;
}

void receiver_free(struct receiver **receiver)
{
	struct receiver *r = *receiver;
	struct receiver_pair *pair, *next;

	if (!r)
		return;
	*receiver = NULL;
	receiver_sm_end(r, false);
	receiver_read_no_more(r);
	inbound_forget(r);
	HASH_ITER(hh, r->pairs, pair, next)
		receiver_pair_remove(&pair);
	timer_stop(&r->timeout);
	timer_stop(&r->throttle);
	dns_find_cancel(&r->dane);
	free(r->found);
	defer_stop(&r->free);
	defer_stop(&r->move);
	channel_fini(&r->channel);
	arena_fini(&r->scratch);
	free(r->from);
	free(r->to);
	free(r);
}

/* ---- header and features ---- */

void receiver_send_header(struct receiver *r)
{
	struct stream_header header = {
		.from = str_of(r->to ? r->to : r->site->trunk), .to = str_of(r->from), .has_version = r->has_version,
	};
	struct buf out = {0};

	if (stream_id_make(r->stream_id) < 0)
		LOG(r->site->log, LOG_ERROR, "no-random-bytes", KV_N("stream", r->id));
	header.id = str_of(r->stream_id);
	stream_header_write(&out, &header);
	r->header_sent = true;
	receiver_write(r, &out);
}

/* Chooses what may be offered: what policy requires decides, not what would be convenient. */
static void choose_features(struct receiver *r, struct stream_features *features)
{
	const struct trust_policy *trust = receiver_trust(r, STR_NONE);
	const bool is_secured = r->channel.is_secured;
	const struct domain_pair pair = {.sender = str_of(r->from), .target = str_of(r->to)};
	struct tls_judgement judgement;
	bool is_certified = false;

	*features = (struct stream_features){0};
	if (!is_secured && trust->tls != TLS_POLICY_DISABLED) {
		features->starttls = true;
		features->starttls_required = trust->tls == TLS_POLICY_REQUIRED;
	}
	if (is_secured || trust->tls != TLS_POLICY_REQUIRED) {
		if (r->from)
			is_certified = receiver_certificate_proves(r, str_of(r->from), &judgement);
		features->external = is_certified && trust->external && !r->is_proved &&
				     relay_judge_pair(r->relay, &pair).decision == DECISION_PASS;
		features->dialback = (trust->dialback && (!is_secured || !r->from || trust->verify == VERIFY_DIALBACK)) || is_certified;
		features->bidi = !r->is_proved && (features->external || features->dialback);
		features->max_bytes = r->site->limits->stanza_bytes;
		features->sm = r->is_proved || features->dialback;      /* a peer that is proved by dialback hears no features behind it */
		features->idle_seconds = (uint64_t)r->site->limits->idle_timeout_ms / 1000;
	}
	if (!is_secured && trust->verify == VERIFY_CERTIFICATE && trust->tls == TLS_POLICY_OPTIONAL)
		features->dialback = features->bidi = features->sm = false;    /* a certificate is demanded, and there is none without TLS */
}

static void send_features(struct receiver *r)
{
	struct stream_features features;
	struct tls_judgement judgement;
	struct buf out = {0};

	choose_features(r, &features);
	r->offered_external = features.external;
	r->offered_dialback = features.dialback;
	r->offered_bidi = features.bidi;
	r->offered_sm = features.sm;
	stream_features_write(&out, &features);
	receiver_write(r, &out);
	if (!features.starttls && !features.external && !features.dialback && !r->is_proved) {
		receiver_certificate_proves(r, r->from ? str_of(r->from) : STR(""), &judgement);
		receiver_remember(r, &(struct domain_pair){.sender = str_of(r->from), .target = str_of(r->to)}, "certificate", judgement.text);
		receiver_close(r, STREAM_NOT_AUTHORIZED, judgement.proof == TLS_PROOF_NONE ? judgement.text : "no proof is allowed for this domain here");
	}
}

static void on_dane(void *ctx, const struct dns_found *found)
{
	struct receiver *r = ctx;

	r->dane = NULL;
	if ((r->found = malloc(sizeof(*r->found))))
		*r->found = *found;
	if (r->state == RECEIVER_OPEN)
		send_features(r);
}

/* Whether DNS is to say first which certificates speak for the peer: only for a domain that we serve and that may talk to the target, and where
 * nothing else proves it. */
static bool asks_dane(struct receiver *r)
{
	const struct domain_pair pair = {.sender = str_of(r->from), .target = str_of(r->to)};
	struct tls_judgement judgement;

	return r->site->has_trust_anchor && r->channel.is_secured && r->from && r->to && !r->is_proved && !r->found &&
	       tls_session_has_certificate(r->channel.tls) && relay_judge_pair(r->relay, &pair).decision == DECISION_PASS &&
	       !receiver_certificate_proves(r, pair.sender, &judgement);
}

static void offer(struct receiver *r)
{
	if (!asks_dane(r))
		send_features(r);
	else
		r->dane = dns_find(r->site->dns, str_of(r->from), DNS_WANT_STARTTLS | DNS_WANT_DIRECT | DNS_WANT_TLSA, NULL, on_dane, r);
}

void receiver_ask_again(struct receiver *r)
{
	if (!r->dane)
		return;
	dns_find_cancel(&r->dane);
	offer(r);
}

/* Takes a domain of the header. Returns false where it is there and malformed. */
static bool take_domain(struct str raw, char **owned, struct domain *scratch)
{
	free(*owned);
	*owned = NULL;
	if (str_is_absent(raw))
		return true;
	if (domain_normalise(raw, scratch) < 0)
		return false;
	*owned = str_dup(domain_str(scratch));
	return *owned != NULL;
}

/* Keeps the domains of the header. Returns false where the stream is closed for them. */
static bool take_names(struct receiver *r, const struct stream_header *header)
{
	char *proved = r->is_proved && r->from ? str_dup(str_of(r->from)) : NULL;
	struct domain domain;
	bool is_ok = false;

	if (!take_domain(header->to, &r->to, &domain))
		receiver_close(r, STREAM_IMPROPER_ADDRESSING, "the stream's to is no domain");
	else if (!take_domain(header->from, &r->from, &domain) ||
		 (proved && (!r->from || strcmp(r->from, proved) != 0)))
		receiver_close(r, STREAM_INVALID_FROM, "the stream's from is no domain, or another than was proved");
	else if (!r->to && r->has_version)
		receiver_close(r, STREAM_IMPROPER_ADDRESSING, "the stream has no to");
	else
		is_ok = true;
	free(proved);
	return is_ok;
}

/* What comes behind, in the order of design.md §3. Returns false where the stream is closed. */
bool receiver_may_begin(struct receiver *r)
{
	const int64_t now = loop_wall_ms(r->site->loop);

	if (r->to && !receiver_is_trunked(r, str_of(r->to)) && !outbound_speaks_for(relay_outbound(r->relay), str_of(r->to)))
		receiver_close(r, STREAM_HOST_UNKNOWN, "this domain is not trunked here");
	else if (r->from && blocks_has_domain(inbound_blocks(r->inbound), str_of(r->from), now))
		receiver_close(r, STREAM_POLICY_VIOLATION, "blocked");
	else if (r->from && receiver_rests(r, str_of(r->from)))
		receiver_close(r, STREAM_SYSTEM_SHUTDOWN, "this server is drained; come again later");
	else if (!r->has_version && !r->channel.is_secured && receiver_trust(r, STR_NONE)->tls == TLS_POLICY_REQUIRED)
		receiver_close(r, STREAM_POLICY_VIOLATION, "TLS is required, and this version of XMPP has none");
	else
		return true;
	return false;
}

void receiver_answer(struct receiver *r)
{
	r->state = RECEIVER_OPEN;
	receiver_send_header(r);
	if (r->has_version)
		offer(r);
	if (r->is_proved)
		receiver_carry(r);      /* behind SASL */
	if (!r->has_version)
		r->offered_dialback = receiver_trust(r, STR_NONE)->dialback;
}

static void on_header(void *ctx, const struct xml_header *xml)
{
	struct receiver *r = ctx;
	struct stream_header header = {0};
	int err;

	r->header_sent = false;
	if ((err = stream_header_parse(xml, &header)) < 0) {
		r->has_version = true;
		receiver_close(r, stream_condition_of(err), NULL);
		return;
	}
	r->has_version = header.has_version;
	if (!take_names(r, &header) || !receiver_may_begin(r))
		return;
	if (receiver_is_home(r))
		receiver_answer(r);
	else
		receiver_move(r);
}

/* ---- elements ---- */

static void on_extension(struct receiver *r, const struct xml_element *element)
{
	const struct limits *limits = r->site->limits;
	const struct xml_limits xml = {.element_bytes = limits->stanza_bytes, .depth = limits->depth, .attributes = limits->attributes};
	const bool is_tls = str_eq(element->ns, STR(NS_TLS)), is_sasl = str_eq(element->ns, STR(NS_SASL)), is_sm = str_eq(element->ns, STR(NS_SM));
	struct xml_node *node;

	if (is_tls && str_eq(element->name, STR("starttls"))) {
		receiver_starttls(r);
	} else if (str_eq(element->ns, STR(NS_BIDI)) && str_eq(element->name, STR("bidi"))) {
		receiver_bidi(r);
	} else if (is_sm && str_eq(element->name, STR("r")) && receiver_sm_request(r)) {
		/* answered */
	} else if (!is_sasl && !is_sm && !str_eq(element->ns, STR(NS_DIALBACK))) {
		receiver_close(r, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
	} else if (xml_tree_parse(&r->scratch, element->bytes, xml_reader_header(r->channel.reader), &xml, &node) < 0) {
		receiver_close(r, STREAM_NOT_WELL_FORMED, NULL);
	} else if (is_sm) {
		receiver_sm_element(r, node);
	} else if (is_sasl) {
		receiver_sasl(r, node);
	} else {
		receiver_dialback(r, node);
	}
	arena_fini(&r->scratch);        /* an idle stream keeps nothing */
}

static void on_element(void *ctx, const struct xml_element *element)
{
	struct receiver *r = ctx;

	if (r->state != RECEIVER_OPEN && !(r->reads_on && str_eq(element->ns, STR(NS_SERVER))))
		return;
	if (str_eq(element->ns, STR(NS_SERVER)))
		receiver_stanza(r, element);
	else if (str_eq(element->ns, STR(NS_STREAM)) && str_eq(element->name, STR("error")))
		receiver_close(r, STREAM_CONDITION_NONE, "the peer sent a stream error");
	else
		on_extension(r, element);
}

static void on_end(void *ctx)
{
	struct receiver *r = ctx;

	r->has_ended = true;
	if (r->state != RECEIVER_LEAVING)       /* else our own end comes when it is due */
		receiver_close(r, STREAM_CONDITION_NONE, NULL);
}

static void on_broken(void *ctx, int err)
{
	struct receiver *r = ctx;

	if (r->state == RECEIVER_HEADER)
		r->has_version = true;  /* the error needs a stream to stand in */
	receiver_close(r, stream_condition_of(err), error_text(err));
}

static void on_closed(void *ctx, int err)
{
	struct receiver *r = ctx;

	if (r->state != RECEIVER_CLOSING && r->state != RECEIVER_DEAD)
		receiver_log_closed(r, STREAM_CONDITION_NONE, err < 0 ? error_text(err) : "the peer closed the connection");
	receiver_drop_for(r, r->state == RECEIVER_OPEN);
}

static void on_open(void *ctx, int err)
{
	(void)ctx;
	(void)err;              /* it was open when it came */
}

void receiver_forget(struct receiver *r)
{
	struct receiver_pair *pair, *next;

	HASH_ITER(hh, r->pairs, pair, next)
		receiver_pair_remove(&pair);
	r->offered_external = r->offered_dialback = r->offered_bidi = r->offered_sm = r->is_bidirectional = false;
	r->sasl_tries = 0;
	r->state = RECEIVER_HEADER;
	r->header_sent = false;
}

static void on_secured(void *ctx, int err, const char *why)
{
	struct receiver *r = ctx;
	char address[ENDPOINT_TEXT_SIZE];

	if (err == 0) {
		receiver_forget(r);
		return;
	}
	endpoint_text(&r->channel.conn->peer, address);
	LOG(r->site->log, LOG_WARNING, "tls-failed", KV_N("stream", r->id), KV_C("role", "receiving"), KV_C("address", address),
	    KV_C("sender", r->from ? r->from : ""), KV_C("target", r->to ? r->to : ""), KV_C("reason", why));
	receiver_remember(r, &(struct domain_pair){.sender = str_of(r->from), .target = str_of(r->to)}, "tls", why);
	receiver_drop(r);
}

static void on_drained(void *ctx)
{
	struct receiver *r = ctx;

	if (r->state == RECEIVER_OPEN)
		receiver_read(r);
	if (r->is_moving)
		defer_start(r->site->loop, &r->move);
	for (struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next)
		outbound_drained(&pair->carrier);
}

static const struct channel_handler channel_handler = {
	.open = on_open, .secured = on_secured, .header = on_header, .element = on_element, .end = on_end, .broken = on_broken,
	.drained = on_drained, .closed = on_closed,
};

int receiver_begin(struct receiver *r, struct conn *conn)
{
	if (channel_init(&r->channel, r->site, &channel_handler, r) < 0)
		return TRUNK_ENOMEM;
	r->since_wall_ms = loop_wall_ms(r->site->loop);
	channel_attach(&r->channel, conn);
	timer_start(r->site->loop, &r->timeout, r->site->limits->handshake_timeout_ms, on_timeout, r);
	if (r->is_direct)
		receiver_starttls(r);
	return 0;
}

/* ---- time ---- */

static void on_idle(struct receiver *r)
{
	const int64_t idle_ms = loop_now_ms(r->site->loop) - r->channel.heard_ms;
	const int64_t limit_ms = r->site->limits->idle_timeout_ms;

	if (limit_ms == 0 || r->is_paused || r->is_throttled || idle_ms < limit_ms)
		timer_start(r->site->loop, &r->timeout, limit_ms > idle_ms ? limit_ms - idle_ms : 60 * 1000, on_timeout, r);
	else
		receiver_close(r, STREAM_CONDITION_NONE, "idle");
}

static void on_timeout(void *ctx)
{
	struct receiver *r = ctx;

	if (r->state == RECEIVER_CLOSING)
		receiver_drop(r);
	else if (r->state == RECEIVER_LEAVING)
		receiver_left(r);
	else if (r->is_proved)
		on_idle(r);
	else if (r->has_answered)
		receiver_close(r, STREAM_CONDITION_NONE, NULL);
	else {
		const struct domain_pair pair = {.sender = str_of(r->from), .target = str_of(r->to)};
		const char *why = "nothing was proved within limits.handshake-timeout";

		receiver_remember(r, &pair, "authentication", why);
		receiver_close(r, STREAM_CONNECTION_TIMEOUT, why);
	}
}

void receiver_give_time(struct receiver *r, int64_t ms)
{
	timer_start(r->site->loop, &r->timeout, ms, on_timeout, r);
}

void receiver_was_proved(struct receiver *r)
{
	if (r->is_proved)
		return;
	r->is_proved = true;
	inbound_proved(r);
	on_idle(r);
}
