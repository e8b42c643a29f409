/* SPDX-License-Identifier: Apache-2.0
 * An attempt from dialling to proof; what is required is never weakened by what is offered. */
#include "outbound/initiator.h"

#include "outbound/negotiate.h"

#include <stdio.h>
#include <stdlib.h>

static const struct channel_handler channel_handler;

static void step(struct initiator *i, enum probe_step which, bool is_ok, const char *text)
{
	i->last_step = which;
	if (i->handler->step)
		i->handler->step(i->ctx, which, is_ok, text);
}

void initiator_step(struct initiator *i, enum probe_step which, bool is_ok, const char *text)
{
	step(i, which, is_ok, text);
}

static void channel_drop(struct initiator *i)
{
	if (i->has_channel)
		channel_fini(&i->channel);
	i->has_channel = false;
	free(i->stream_id);
	i->stream_id = NULL;
}

void initiator_init(struct initiator *i, const struct site *site, enum initiator_purpose purpose, const struct domain_pair *pair,
		    const struct initiator_handler *handler, void *ctx)
{
	*i = (struct initiator){.site = site, .handler = handler, .ctx = ctx, .purpose = purpose, .pair = *pair,
				.state = INITIATOR_IDLE, .proof = PROOF_NONE};
}

void initiator_stop(struct initiator *i)
{
	if (i->has_channel && i->handler->closing)
		i->handler->closing(i->ctx);
	timer_stop(&i->timeout);
	dial_free(&i->dial);
	channel_drop(i);
	i->spoke = NULL;
	i->state = INITIATOR_IDLE;
	i->proof = PROOF_NONE;
}

void initiator_abort(struct initiator *i)
{
	i->channel.is_aborted = i->has_channel;
	initiator_stop(i);
}

void initiator_fini(struct initiator *i)
{
	initiator_stop(i);
}

void initiator_fail(struct initiator *i, int err, enum stanza_condition condition, bool is_final, const char *why)
{
	const bool is_proof = err == TRUNK_EAUTH || err == TRUNK_ECERT || err == TRUNK_EPOLICY;
	const struct initiator_failure failure = {
		.err = err, .condition = condition, .is_final = is_final, .why = i->why,
		.text = is_proof ? "the servers could not prove themselves to each other" : NULL,
	};

	if (why != i->why)
		snprintf(i->why, sizeof(i->why), "%s", why);
	initiator_stop(i);
	i->handler->failed(i->ctx, &failure);
}

/* The place was no good: the next one, or the end of the attempt. */
static void place_failed(struct initiator *i, int err, const char *why)
{
	char kept[sizeof(i->why)];

	snprintf(kept, sizeof(kept), "%s", why);
	channel_drop(i);
	/* What one place was proved, offered or refused says nothing of the next. */
	i->proof = PROOF_NONE;
	i->is_legacy = i->was_verified = false;
	i->features = (struct stream_features){0};
	i->judgement = (struct tls_judgement){0};
	i->state = INITIATOR_DIALLING;
	if (i->dial && dial_next(i->dial)) {
		snprintf(i->why, sizeof(i->why), "%s", kept);
		return;
	}
	initiator_fail(i, err, COND_REMOTE_SERVER_TIMEOUT, false, kept);
}

void initiator_place_failed(struct initiator *i, int err, const char *why)
{
	place_failed(i, err, why);
}

static void begin_tls(struct initiator *i)
{
	char own[DOMAIN_SIZE], server_name[DOMAIN_SIZE];
	const bool is_served = str_is(i->pair.sender, i->site->trunk) || route_find(i->site->route, i->pair.sender);
	const struct tls_session_options options = {
		.role = TLS_CLIENT, .domain = own, .server_name = server_name, .is_direct = i->is_direct,
		.min_version = i->spoke->trust.min_version,
	};
	struct tls_session *session;

	if (domain_to_ascii(is_served ? i->pair.sender : str_of(i->site->trunk), own, sizeof(own)) < 0 || domain_to_ascii(i->pair.target, server_name, sizeof(server_name)) < 0) {
		initiator_fail(i, TRUNK_EADDRESS, COND_REMOTE_SERVER_NOT_FOUND, true, "the domain has no form that DNS and TLS know");
		return;
	}
	if (!(session = tls_session_new(i->site->store, &options, loop_wall_ms(i->site->loop)))) {
		initiator_fail(i, TRUNK_ETLS, COND_REMOTE_SERVER_TIMEOUT, false, "no TLS session could be made for our side");
		return;
	}
	i->state = INITIATOR_TLS;
	channel_start_tls(&i->channel, &session);
}

void initiator_begin_tls(struct initiator *i)
{
	begin_tls(i);
}

static void on_dialled(void *ctx, const struct dial_result *result)
{
	struct initiator *i = ctx;
	char address[ENDPOINT_TEXT_SIZE];

	if (result->err < 0) {
		const bool is_no = result->err == TRUNK_EDNS_NONE;

		step(i, is_no || result->err == TRUNK_EDNS_FAIL ? PROBE_DNS : PROBE_TCP, false, result->why);
		initiator_fail(i, result->err, is_no ? COND_REMOTE_SERVER_NOT_FOUND : COND_REMOTE_SERVER_TIMEOUT, is_no, result->why);
		return;
	}
	i->place = result->place;
	i->peer = result->place->endpoint;
	i->is_direct = result->place->transport == DNS_DIRECT;
	endpoint_text(&i->peer, address);
	step(i, PROBE_TCP, true, address);
	if (channel_init(&i->channel, i->site, &channel_handler, i) < 0) {
		struct conn *conn = result->conn;

		conn_free(&conn);
		channel_fini(&i->channel);
		initiator_fail(i, TRUNK_ENOMEM, COND_RESOURCE_CONSTRAINT, false, "no memory for a stream");
		return;
	}
	i->has_channel = true;
	channel_attach(&i->channel, result->conn);
	if (i->is_direct)
		begin_tls(i);
	else
		initiator_send_header(i);
}

static void on_timeout(void *ctx)
{
	struct initiator *i = ctx;
	static const char *const where[] = {
		[INITIATOR_DIALLING] = "no connection", [INITIATOR_HEADER] = "no stream header from the peer",
		[INITIATOR_FEATURES] = "no stream features from the peer", [INITIATOR_PROCEED] = "no answer to starttls",
		[INITIATOR_TLS] = "the TLS handshake did not end", [INITIATOR_SASL] = "no answer to SASL EXTERNAL",
		[INITIATOR_DIALBACK] = "no answer to our dialback key",
	};
	char why[256];

	snprintf(why, sizeof(why), "%s within the time of limits.handshake-timeout", where[i->state] ? where[i->state] : "nothing came");
	if (i->has_channel) {
		struct buf out = {0};

		stream_error_write(&out, STREAM_CONNECTION_TIMEOUT, NULL);
		channel_write(&i->channel, buf_str(&out));
		buf_fini(&out);
	}
	initiator_fail(i, TRUNK_ETIMEOUT, COND_REMOTE_SERVER_TIMEOUT, false, why);
}

static uint64_t mix(uint64_t mark, const void *at, size_t len)
{
	for (size_t n = 0; n < len; n++)
		mark = (mark ^ ((const unsigned char *)at)[n]) * 0x100000001b3u;
	return mark;
}

/* What the configuration says of the way to the target; another value after a reload means another way. */
static uint64_t route_mark(const struct site *site, const struct spoke *spoke, struct str target)
{
	uint64_t mark = mix(0xcbf29ce484222325u, &spoke->transport, sizeof(spoke->transport));
	char text[ENDPOINT_TEXT_SIZE];
	struct str host;
	uint16_t port;

	for (unsigned n = 0; n < spoke->address_count; n++) {
		const struct spoke_address *address = &spoke->addresses[n];

		if (address->is_literal)
			endpoint_text(&address->endpoint, text);
		else
			mark = mix(mix(mark, &address->port, sizeof(address->port)), address->host, strlen(address->host));
		if (address->is_literal)
			mark = mix(mark, text, strlen(text));
	}
	if (spoke->address_count == 0 && site->overrides && dns_overrides_find(site->overrides, target, &host, &port))
		mark = mix(mix(mark, host.at, host.len), &port, sizeof(port));
	return mark;
}

bool initiator_is_routed(const struct initiator *i, const struct spoke *spoke)
{
	return i->route_mark == route_mark(i->site, spoke, i->pair.target);
}

void initiator_start(struct initiator *i, const struct spoke *spoke)
{
	initiator_stop(i);
	i->spoke = spoke;
	i->route_mark = route_mark(i->site, spoke, i->pair.target);
	i->is_legacy = i->external_failed = i->was_verified = i->is_second_try = i->has_ended = false;
	i->judgement = (struct tls_judgement){0};
	i->features = (struct stream_features){0};
	i->why[0] = '\0';
	i->last_step = PROBE_DNS;
	i->peer = (struct endpoint){0};
	i->state = INITIATOR_DIALLING;
	timer_start(i->site->loop, &i->timeout, i->site->limits->handshake_timeout_ms, on_timeout, i);
	if (!(i->dial = dial_new(i->site, spoke, i->pair.target, on_dialled, i)))
		initiator_fail(i, TRUNK_ENOMEM, COND_RESOURCE_CONSTRAINT, false, "no memory to dial");
}

/* The second lock: whatever led here, nothing is ready below what the spoke's policy demands. */
static bool may_be_ready(const struct initiator *i, enum proof proof)
{
	const struct trust_policy *trust = &i->spoke->trust;

	if (i->channel.is_secured)
		return i->judgement.proof == TLS_PROOF_PKIX || i->judgement.proof == TLS_PROOF_PIN || i->judgement.proof == TLS_PROOF_DANE ||
		       (trust->verify == VERIFY_DIALBACK && proof != PROOF_EXTERNAL);
	return trust->tls != TLS_POLICY_REQUIRED && proof != PROOF_EXTERNAL &&
	       (trust->verify == VERIFY_DIALBACK || trust->tls == TLS_POLICY_DISABLED);
}

/* Behind ready: the dial and the spoke's settings have done their work. */
void initiator_ready(struct initiator *i, enum proof proof)
{
	if (!may_be_ready(i, proof)) {
		initiator_fail(i, TRUNK_EPOLICY, COND_REMOTE_SERVER_TIMEOUT, true, "the stream came up below what policy demands");
		return;
	}
	timer_stop(&i->timeout);
	dial_free(&i->dial);
	i->spoke = NULL;
	i->proof = proof;
	i->state = INITIATOR_READY;
	i->handler->ready(i->ctx);
}

static void on_open(void *ctx, int err)
{
	(void)ctx;
	(void)err;              /* the dial has connected before there was a channel */
}

static void on_secured(void *ctx, int err, const char *why)
{
	initiator_secured(ctx, err, why);
}

static void on_header(void *ctx, const struct xml_header *header)
{
	initiator_header(ctx, header);
}

static void on_element(void *ctx, const struct xml_element *element)
{
	initiator_element(ctx, element);
}

void initiator_over(struct initiator *i, int err, const char *why)
{
	char kept[sizeof(i->why)];

	if (i->state == INITIATOR_ENDING) {
		initiator_fail(i, 0, COND_REMOTE_SERVER_TIMEOUT, false, "closed");
		return;
	}
	if (i->state == INITIATOR_READY) {
		initiator_fail(i, err, COND_REMOTE_SERVER_TIMEOUT, false, why);
		return;
	}
	/* A server that ends the stream over a failed EXTERNAL may still take dialback on a new one. */
	if (i->state == INITIATOR_DIALBACK && i->external_failed && !i->is_second_try && i->spoke) {
		const struct spoke *spoke = i->spoke;

		initiator_start(i, spoke);
		i->external_failed = i->is_second_try = true;
		return;
	}
	snprintf(kept, sizeof(kept), "%s", i->why[0] ? i->why : why);
	place_failed(i, err < 0 ? err : TRUNK_ECLOSED, kept);
}

static void on_end(void *ctx)
{
	struct initiator *i = ctx;

	i->has_ended = i->state == INITIATOR_ENDING;
	/* What was written before still goes out ahead of our own end. */
	if (i->state == INITIATOR_READY)
		initiator_end(i, STREAM_CONDITION_NONE, NULL);
	if (i->state == INITIATOR_ENDING)
		channel_shutdown(&i->channel);
	if (i->state != INITIATOR_ENDING || i->has_ended)
		initiator_over(i, 0, "the peer ended the stream");
}

static void on_broken(void *ctx, int err)
{
	struct initiator *i = ctx;
	struct buf out = {0};

	stream_error_write(&out, stream_condition_of(err), NULL);
	channel_write(&i->channel, buf_str(&out));
	buf_fini(&out);
	initiator_over(i, err, error_text(err));
}

static void on_drained(void *ctx)
{
	struct initiator *i = ctx;

	if (i->state == INITIATOR_READY)
		i->handler->drained(i->ctx);
}

static void on_closed(void *ctx, int err)
{
	struct initiator *i = ctx;

	initiator_over(i, err < 0 ? err : TRUNK_ECLOSED, err < 0 ? error_text(err) : "the peer closed the connection");
}

static const struct channel_handler channel_handler = {
	.open = on_open, .secured = on_secured, .header = on_header, .element = on_element, .end = on_end, .broken = on_broken,
	.drained = on_drained, .closed = on_closed,
};

enum { INITIATOR_END_MS = 2000 };       /* that we wait for the peer's end of the stream (RFC 6120 §4.4) */

static void on_end_timeout(void *ctx)
{
	initiator_fail(ctx, 0, COND_REMOTE_SERVER_TIMEOUT, false, "closed");
}

void initiator_end(struct initiator *i, enum stream_condition condition, const char *text)
{
	struct buf out = {0};

	stream_error_write(&out, condition, text);
	initiator_end_with(i, buf_str(&out));
	buf_fini(&out);
}

void initiator_end_with(struct initiator *i, struct str error)
{
	if (!i->has_channel || i->state == INITIATOR_ENDING)
		return;
	channel_write(&i->channel, error);
	dial_free(&i->dial);
	i->spoke = NULL;
	i->state = INITIATOR_ENDING;
	/* TLS and connection end behind both ends of the stream: a peer that finds them ended first does not answer. */
	timer_start(i->site->loop, &i->timeout, INITIATOR_END_MS, on_end_timeout, i);
}

void initiator_end_within(struct initiator *i, int64_t ms)
{
	if (i->state == INITIATOR_ENDING && ms > INITIATOR_END_MS)
		timer_start(i->site->loop, &i->timeout, ms, on_end_timeout, i);
}

void initiator_remember(const struct initiator *i, const char *leg, const char *role, const char *why)
{
	char address[ENDPOINT_TEXT_SIZE] = "";
	const struct failure failure = {
		.wall_ms = loop_wall_ms(i->site->loop), .pair = i->pair, .leg = leg, .role = role, .address = address,
		.step = probe_step_text(i->last_step), .reason = why,
	};

	if (i->peer.sa.sa_family != AF_UNSPEC)
		endpoint_text(&i->peer, address);
	failures_add(i->site->failures, &failure);
}

void initiator_describe(const struct initiator *i, struct stream_info *info, char names[static 256])
{
	static const char *const states[] = {"", "down", "dialling", "negotiating", "negotiating", "negotiating", "negotiating",
					     "negotiating", "negotiating", "up", "closing"};

	info->sender = i->pair.sender;
	info->target = i->pair.target;
	info->state = states[i->state];
	info->proof = i->proof;
	info->tls = info->cipher = info->alpn = "";
	info->peer_names = "";
	names[0] = '\0';
	if (!i->has_channel)
		return;
	endpoint_text(&i->peer, info->address);
	info->bytes_in = i->channel.bytes_in;
	info->bytes_out = i->channel.bytes_out;
	if (!i->channel.is_secured)
		return;
	info->tls = tls_session_version(i->channel.tls);
	info->cipher = tls_session_cipher(i->channel.tls);
	info->alpn = tls_session_alpn(i->channel.tls);
	tls_session_peer_names(i->channel.tls, names, 256, &info->peer_not_after_ms);
	info->peer_names = names;
}
