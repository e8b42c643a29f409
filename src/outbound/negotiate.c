/* SPDX-License-Identifier: Apache-2.0
 * Answers what the receiving server offers: STARTTLS first, then EXTERNAL where its certificate holds, then dialback. */
#include "outbound/negotiate.h"

#include "auth/sasl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAM_ID_BYTES_MAX = 1024 };    /* of a peer's stream id */

static bool is_secured(const struct initiator *i)
{
	return i->channel.is_secured;
}

static void send_out(struct initiator *i, struct buf *out)
{
	channel_write(&i->channel, buf_str(out));
	buf_fini(out);
}

/* Fails the attempt in words of our own; `...` is for text that is ours or already escaped. */
__attribute__((format(printf, 5, 6)))
static void refuse(struct initiator *i, enum probe_step at, int err, enum stanza_condition condition, const char *format, ...)
{
	char why[sizeof(i->why)];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	initiator_step(i, at, false, why);
	initiator_fail(i, err, condition, true, why);
}

void initiator_send_header(struct initiator *i)
{
	const struct stream_header header = {.from = i->pair.sender, .to = i->pair.target, .has_version = true};
	struct buf out = {0};

	stream_header_write(&out, &header);
	i->state = INITIATOR_HEADER;
	send_out(i, &out);
}

/* What DNSSEC vouches for at the place that was dialled (RFC 7673). */
static size_t tlsa_of(const struct initiator *i, struct tls_tlsa ret_tlsa[static DNS_TLSA_MAX])
{
	const struct dns_tlsa *records;
	unsigned count;

	if (!i->dial || !i->place)
		return 0;
	records = dial_tlsa(i->dial, i->place, &count);
	for (unsigned n = 0; n < count; n++)
		ret_tlsa[n] = (struct tls_tlsa){
			.usage = records[n].usage, .selector = records[n].selector, .matching = records[n].matching,
			.data = str_make((const char *)records[n].data, records[n].len),
		};
	return count;
}

static void judge_certificate(struct initiator *i, const struct trust_policy *trust)
{
	char ascii[DOMAIN_SIZE];
	struct tls_tlsa tlsa[DNS_TLSA_MAX];
	const char *const names[] = {i->place ? i->place->host : NULL, NULL};
	const struct tls_expectation expected = {
		.domain = ascii, .pins = (const uint8_t (*)[TLS_PIN_BYTES])trust->pins, .pin_count = trust->pin_count,
		.tlsa = tlsa, .tlsa_count = tlsa_of(i, tlsa), .tlsa_names = names,
	};

	if (domain_to_ascii(i->pair.target, ascii, sizeof(ascii)) < 0)
		ascii[0] = '\0';
	tls_session_judge(i->channel.tls, &expected, loop_wall_ms(i->site->loop), &i->judgement);
}

static bool certificate_holds(const struct initiator *i)
{
	return is_secured(i) && i->judgement.proof != TLS_PROOF_NONE;
}

void initiator_secured(struct initiator *i, int err, const char *why)
{
	char text[sizeof(i->why)];

	if (err < 0) {
		snprintf(text, sizeof(text), "TLS handshake failed: %s", why);
		initiator_step(i, PROBE_TLS, false, text);
		initiator_place_failed(i, err, text);
		return;
	}
	judge_certificate(i, &i->spoke->trust);
	snprintf(text, sizeof(text), "%s %s", tls_session_version(i->channel.tls), tls_session_cipher(i->channel.tls));
	initiator_step(i, PROBE_TLS, true, text);
	initiator_step(i, PROBE_CERTIFICATE, certificate_holds(i), certificate_holds(i) ? "proves the domain" : i->judgement.text);
	if (!certificate_holds(i) && i->spoke->trust.verify == VERIFY_CERTIFICATE) {
		snprintf(text, sizeof(text), "%s; tls.verify is certificate for this peer, so dialback may not make it good", i->judgement.text);
		initiator_fail(i, TRUNK_ECERT, COND_REMOTE_SERVER_TIMEOUT, true, text);
		return;
	}
	channel_restart(&i->channel);
	initiator_send_header(i);
	/* A question needs nothing of what the peer's features say: it goes with our header and saves a round trip. */
	if (i->purpose == INITIATOR_VERIFY)
		initiator_ready(i, PROOF_NONE);
}

/* XEP-0220 §2.1.1: the key proves our domain for the id that the receiving server chose. */
static void send_key(struct initiator *i)
{
	char key[DIALBACK_KEY_SIZE];
	struct dialback result = {.kind = DIALBACK_RESULT, .type = DIALBACK_REQUEST, .from = i->pair.sender, .to = i->pair.target};
	struct buf out = {0};

	if (!i->stream_id) {
		refuse(i, PROBE_AUTHENTICATION, TRUNK_EAUTH, COND_REMOTE_SERVER_TIMEOUT, "the peer's stream header has no id, so no dialback key can be made");
		return;
	}
	if (dialback_key(str_of(i->site->secrets->current), &i->pair, str_of(i->stream_id), key) < 0) {
		refuse(i, PROBE_AUTHENTICATION, TRUNK_ECRYPTO, COND_REMOTE_SERVER_TIMEOUT, "no dialback key could be made");
		return;
	}
	result.key = str_of(key);
	dialback_write(&out, &result);
	i->state = INITIATOR_DIALBACK;
	send_out(i, &out);
}

static void send_external(struct initiator *i)
{
	struct buf out = {0};

	sasl_auth_write(&out);
	i->state = INITIATOR_SASL;
	send_out(i, &out);
}

/* The one setting that prevents it, in words. */
static void nothing_fits(struct initiator *i)
{
	const struct trust_policy *trust = &i->spoke->trust;

	if (i->features.external && trust->external && is_secured(i) && !certificate_holds(i))
		refuse(i, PROBE_AUTHENTICATION, TRUNK_EPOLICY, COND_REMOTE_SERVER_TIMEOUT,
		       "the peer offers SASL EXTERNAL, but its own certificate does not hold here (%s), and dialback is %s", i->judgement.text,
		       trust->dialback ? "not offered by it" : "not in auth");
	else if (trust->dialback)
		refuse(i, PROBE_FEATURES, TRUNK_EPOLICY, COND_REMOTE_SERVER_TIMEOUT,
		       "the peer offers neither dialback nor SASL EXTERNAL%s", is_secured(i) ? " (does it trust our certificate?)" : " without TLS");
	else
		refuse(i, PROBE_FEATURES, TRUNK_EPOLICY, COND_REMOTE_SERVER_TIMEOUT,
		       "the peer does not offer SASL EXTERNAL, and auth does not allow dialback; does it trust our certificate for the sender domain?");
}

static void authenticate(struct initiator *i)
{
	const struct trust_policy *trust = &i->spoke->trust;

	if (i->purpose == INITIATOR_VERIFY)
		initiator_ready(i, PROOF_NONE);
	else if (trust->external && i->features.external && !i->external_failed && certificate_holds(i))
		send_external(i);
	else if (trust->dialback && (i->features.dialback || i->is_legacy || !i->features.has_mechanisms))
		send_key(i);
	else
		nothing_fits(i);
}

static void send_starttls(struct initiator *i)
{
	i->state = INITIATOR_PROCEED;
	channel_write(&i->channel, STR("<starttls xmlns='" NS_TLS "'/>"));
}

static void choose(struct initiator *i)
{
	const enum tls_policy policy = i->spoke->trust.tls;

	if (is_secured(i))
		authenticate(i);
	else if (i->features.starttls && policy != TLS_POLICY_DISABLED)
		send_starttls(i);
	else if (policy == TLS_POLICY_REQUIRED)
		refuse(i, PROBE_TLS, TRUNK_EPOLICY, COND_REMOTE_SERVER_TIMEOUT,
		       "the peer does not offer STARTTLS, and tls.policy is required for it (optional would allow plain text)");
	else if (i->spoke->trust.verify == VERIFY_CERTIFICATE && policy != TLS_POLICY_DISABLED)
		refuse(i, PROBE_TLS, TRUNK_EPOLICY, COND_REMOTE_SERVER_TIMEOUT,
		       "the peer does not offer STARTTLS, so it shows no certificate, and tls.verify is certificate for it");
	else if (i->features.starttls_required)
		refuse(i, PROBE_TLS, TRUNK_EPOLICY, COND_REMOTE_SERVER_TIMEOUT, "the peer demands TLS, and tls.policy is disabled for it here");
	else
		authenticate(i);
}

void initiator_header(struct initiator *i, const struct xml_header *xml)
{
	struct stream_header header;
	struct buf out = {0};
	int err;

	if (i->state != INITIATOR_HEADER)
		return;         /* of a stream that only asks, or that ends */
	if ((err = stream_header_parse(xml, &header)) < 0) {
		stream_error_write(&out, stream_condition_of(err), NULL);
		send_out(i, &out);
		initiator_place_failed(i, err, "the peer's stream header is no header of a server's stream");
		return;
	}
	free(i->stream_id);
	i->stream_id = header.id.len > 0 && header.id.len <= STREAM_ID_BYTES_MAX ? str_dup(header.id) : NULL;
	i->is_legacy = !header.has_version;
	i->state = INITIATOR_FEATURES;
	if (i->is_legacy)
		choose(i);
}

static void on_stream_error(struct initiator *i, struct arena *arena, const struct xml_node *node)
{
	struct str condition, text;
	char escaped[256];

	stream_error_parse(arena, node, &condition, &text);
	snprintf(escaped, sizeof(escaped), "%.*s%s%.*s", (int)(condition.len < 60 ? condition.len : 60), condition.at, text.len ? ": " : "",
		 (int)(text.len < 150 ? text.len : 150), text.at);
	snprintf(i->why, sizeof(i->why), "the peer ended the stream with the error %s", escaped);
	if (i->state == INITIATOR_ENDING || (i->state == INITIATOR_READY && i->purpose == INITIATOR_LINK))
		initiator_fail(i, TRUNK_ESTREAM, COND_REMOTE_SERVER_TIMEOUT, false, i->why);
	else if (str_eq(condition, STR("host-unknown")) || str_eq(condition, STR("host-gone")))
		initiator_fail(i, TRUNK_ESTREAM, COND_REMOTE_SERVER_NOT_FOUND, true, i->why);
	else if (i->state == INITIATOR_DIALBACK && i->external_failed)
		initiator_over(i, TRUNK_EAUTH, i->why);
	else if (i->state == INITIATOR_SASL || i->state == INITIATOR_DIALBACK)
		initiator_fail(i, TRUNK_EAUTH, COND_REMOTE_SERVER_TIMEOUT, true, i->why);
	else
		initiator_place_failed(i, TRUNK_ESTREAM, i->why);
}

static void on_proceed(struct initiator *i, const struct xml_node *node)
{
	if (str_eq(node->ns, STR(NS_TLS)) && str_eq(node->name, STR("proceed")))
		initiator_begin_tls(i);
	else
		initiator_place_failed(i, TRUNK_ETLS, "the peer refused STARTTLS that it had offered");
}

static void on_sasl(struct initiator *i, struct arena *arena, const struct xml_node *node)
{
	const struct xml_node *reason = xml_node_child(node, NS_SASL, NULL);

	(void)arena;
	if (!str_eq(node->ns, STR(NS_SASL)))
		return;
	if (str_eq(node->name, STR("success"))) {
		initiator_step(i, PROBE_AUTHENTICATION, true, "SASL EXTERNAL");
		i->proof = PROOF_EXTERNAL;
		channel_restart(&i->channel);
		initiator_send_header(i);
		return;
	}
	i->external_failed = true;
	snprintf(i->why, sizeof(i->why), "the peer refused SASL EXTERNAL (%.*s): it does not accept our certificate for the sender domain; does it trust the CA that issued it?",
		 reason ? (int)(reason->name.len < 60 ? reason->name.len : 60) : 6, reason ? reason->name.at : "failed");
	initiator_step(i, PROBE_AUTHENTICATION, false, i->why);
	if (i->spoke->trust.dialback)
		send_key(i);
	else
		initiator_fail(i, TRUNK_EAUTH, COND_REMOTE_SERVER_TIMEOUT, true, i->why);
}

/* An answer to our key; any other pair's answer was not asked for and counts for nothing (XEP-0220 §4). */
static bool answers_us(const struct initiator *i, const struct dialback *answer)
{
	struct domain from, to;

	return answer->kind == DIALBACK_RESULT && answer->type != DIALBACK_REQUEST && domain_normalise(answer->from, &from) == 0 &&
	       domain_normalise(answer->to, &to) == 0 && str_eq(domain_str(&from), i->pair.target) && str_eq(domain_str(&to), i->pair.sender);
}

static void on_dialback(struct initiator *i, struct arena *arena, const struct xml_node *node)
{
	struct dialback answer;

	if (dialback_parse(arena, node, &answer) < 0 || !answers_us(i, &answer))
		return;
	if (answer.type == DIALBACK_VALID) {
		initiator_step(i, PROBE_AUTHENTICATION, true, "dialback");
		initiator_ready(i, PROOF_DIALBACK);
	} else if (answer.type == DIALBACK_INVALID && !i->was_verified) {
		refuse(i, PROBE_AUTHENTICATION, TRUNK_EAUTH, COND_REMOTE_SERVER_TIMEOUT,
		       "the peer called our dialback key invalid without asking us: it verified at the real server of %.200s; the DNS override for that "
		       "domain is missing at the peer", i->pair.sender.at);
	} else if (answer.type == DIALBACK_INVALID) {
		refuse(i, PROBE_AUTHENTICATION, TRUNK_EAUTH, COND_REMOTE_SERVER_TIMEOUT, "the peer called our dialback key invalid");
	} else {
		refuse(i, PROBE_AUTHENTICATION, TRUNK_EAUTH, COND_REMOTE_SERVER_TIMEOUT, "the peer answered our dialback key with the error %s%s",
		       answer.condition ? stanza_condition_text(answer.condition) : "(none)",
		       i->was_verified ? "" : "; it never asked us about it: does its DNS lead the sender domain to this trunk?");
	}
}

static void negotiate(struct initiator *i, struct arena *arena, const struct xml_node *node)
{
	switch (i->state) {
	case INITIATOR_FEATURES:
		if (stream_features_parse(node, &i->features) < 0)
			return;
		if (i->proof == PROOF_EXTERNAL)
			initiator_ready(i, PROOF_EXTERNAL);
		else
			choose(i);
		return;
	case INITIATOR_PROCEED: on_proceed(i, node); return;
	case INITIATOR_SASL: on_sasl(i, arena, node); return;
	case INITIATOR_DIALBACK: on_dialback(i, arena, node); return;
	default: return;
	}
}

void initiator_element(struct initiator *i, const struct xml_element *element)
{
	const struct xml_limits limits = {.element_bytes = i->site->limits->stanza_bytes, .depth = i->site->limits->depth,
					  .attributes = i->site->limits->attributes};
	const bool is_error = str_eq(element->ns, STR(NS_STREAM)) && str_eq(element->name, STR("error"));
	struct arena arena = {0};
	struct xml_node *node;

	if ((i->state == INITIATOR_READY || (i->state == INITIATOR_ENDING && str_eq(element->ns, STR(NS_SM)))) && !is_error) {
		i->handler->element(i->ctx, element);
		return;
	}
	if (xml_tree_parse(&arena, element->bytes, xml_reader_header(i->channel.reader), &limits, &node) == 0) {
		if (is_error)
			on_stream_error(i, &arena, node);
		else
			negotiate(i, &arena, node);
	}
	arena_fini(&arena);
}

bool initiator_holds(const struct initiator *i)
{
	const struct spoke *spoke = route_find(i->site->route, i->pair.target);
	struct initiator now = *i;

	if (!spoke || !initiator_is_routed(i, spoke) || (spoke->trust.tls == TLS_POLICY_REQUIRED && !is_secured(i)) || (spoke->trust.tls == TLS_POLICY_DISABLED && is_secured(i)))
		return false;
	if ((i->proof == PROOF_EXTERNAL && !spoke->trust.external) || (i->proof == PROOF_DIALBACK && !spoke->trust.dialback))
		return false;
	if (!is_secured(i))
		return spoke->trust.verify == VERIFY_DIALBACK || spoke->trust.tls == TLS_POLICY_DISABLED;
	if (tls_session_protocol(i->channel.tls) < spoke->trust.min_version)
		return false;
	if (i->judgement.proof == TLS_PROOF_DANE)
		return true;            /* DNS is asked again for the next stream */
	now.dial = NULL;
	now.place = NULL;
	tls_session_judge_by(i->channel.tls, i->site->store);
	judge_certificate(&now, &spoke->trust);
	return certificate_holds(&now) || (i->proof == PROOF_DIALBACK && spoke->trust.verify == VERIFY_DIALBACK);
}
