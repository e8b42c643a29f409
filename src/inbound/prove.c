/* SPDX-License-Identifier: Apache-2.0
 * How a peer proves itself: TLS, SASL EXTERNAL (XEP-0178), dialback (XEP-0220, XEP-0344). */
#include "inbound/receiver.h"

#include "auth/sasl.h"

/* ---- TLS ---- */

/* The certificate that the client asks for by SNI, where that is a domain of ours; else the one of the header's `to`. */
static int on_sni(void *ctx, struct str sni, char *ret_domain, size_t size_bytes)
{
	struct receiver *r = ctx;
	struct domain domain;
	const char *fallback = r->to && route_find(r->site->route, str_of(r->to)) ? r->to : r->site->trunk;

	if (!str_is_absent(sni) && domain_normalise(sni, &domain) == 0 &&
	    (str_is(domain_str(&domain), r->site->trunk) || route_find(r->site->route, domain_str(&domain))))
		return domain_to_ascii(domain_str(&domain), ret_domain, size_bytes);
	return domain_to_ascii(str_of(fallback), ret_domain, size_bytes);
}

void receiver_starttls(struct receiver *r)
{
	const struct trust_policy *trust = receiver_trust(r, STR_NONE);
	char domain[DOMAIN_SIZE];
	const struct tls_session_options options = {
		.role = TLS_SERVER, .domain = domain, .is_direct = r->is_direct, .min_version = trust->min_version, .sni = on_sni, .ctx = r,
	};
	struct tls_session *session;

	if (r->channel.tls || r->is_proved || (!r->is_direct && trust->tls == TLS_POLICY_DISABLED)) {
		receiver_close(r, STREAM_UNSUPPORTED_STANZA_TYPE, "STARTTLS was not offered");
		return;
	}
	if (domain_to_ascii(str_of(r->to ? r->to : r->site->trunk), domain, sizeof(domain)) < 0 ||
	    !(session = tls_session_new(r->site->store, &options, loop_wall_ms(r->site->loop)))) {
		if (!r->is_direct)
			channel_write(&r->channel, STR("<failure xmlns='" NS_TLS "'/>"));
		receiver_close(r, STREAM_INTERNAL_SERVER_ERROR, "no certificate can be shown for this domain");
		return;
	}
	receiver_forget(r);
	if (!r->is_direct)
		channel_write(&r->channel, STR("<proceed xmlns='" NS_TLS "'/>"));
	channel_start_tls(&r->channel, &session);
}

/* ---- SASL EXTERNAL ---- */

static enum proof proof_of(enum tls_proof proof)
{
	return proof == TLS_PROOF_PIN ? PROOF_PIN : proof == TLS_PROOF_DANE ? PROOF_DANE : PROOF_EXTERNAL;
}

static void sasl_fail(struct receiver *r, const char *condition, const char *text)
{
	struct buf out = {0};

	sasl_failure_write(&out, condition, text);
	receiver_write(r, &out);
	LOG(r->site->log, LOG_WARNING, "external-refused", KV_N("stream", r->id), KV_C("role", "receiving"),
	    KV_C("sender", r->from ? r->from : ""), KV_C("target", r->to ? r->to : ""), KV_C("reason", text ? text : condition));
	if (++r->sasl_tries >= RECEIVER_SASL_TRIES_MAX)
		receiver_close(r, STREAM_POLICY_VIOLATION, "too many failures");
}

static void sasl_succeed(struct receiver *r, const struct tls_judgement *judgement)
{
	const struct domain_pair pair = {.sender = str_of(r->from), .target = str_of(r->to)};
	struct receiver_pair *proved = receiver_pair_find(r, &pair), *asked, *next;
	struct buf out = {0};

	/* Keys that are still being verified belong to the stream that ends here. */
	HASH_ITER(hh, r->pairs, asked, next)
		if (asked != proved && asked->lane.proof == PROOF_NONE)
			receiver_pair_remove(&asked);
	if (proved) {
		if (proved->verify)
			r->questions--;
		verify_cancel(&proved->verify);
	}
	if (!proved && !(proved = receiver_pair_add(r, &pair, proof_of(judgement->proof)))) {
		receiver_close(r, STREAM_RESOURCE_CONSTRAINT, NULL);
		return;
	}
	proved->lane.proof = proof_of(judgement->proof);
	sasl_success_write(&out);
	receiver_write(r, &out);
	if (r->state != RECEIVER_OPEN)
		return;
	LOG(r->site->log, LOG_INFO, "pair-proved", KV_N("stream", r->id), KV_C("role", "receiving"), KV_C("sender", r->from),
	    KV_C("target", r->to), KV_C("proof", proof_text(proved->lane.proof)));
	receiver_was_proved(r);
	channel_restart(&r->channel);
	r->state = RECEIVER_HEADER;
	r->header_sent = false;
}

/* What was offered may have been taken back by a reload since. */
static bool may_external(const struct receiver *r)
{
	const struct domain_pair pair = {.sender = str_of(r->from), .target = str_of(r->to)};

	return receiver_trust(r, pair.sender)->external && receiver_version_fits(r, pair.sender) &&
	       relay_judge_pair(r->relay, &pair).decision == DECISION_PASS;
}

void receiver_sasl(struct receiver *r, const struct xml_node *node)
{
	struct tls_judgement judgement;
	enum sasl_verdict verdict;

	if (!r->channel.is_secured && receiver_trust(r, STR_NONE)->tls == TLS_POLICY_REQUIRED) {
		receiver_close(r, STREAM_POLICY_VIOLATION, "TLS is required before SASL");
	} else if (str_eq(node->name, STR("abort"))) {
		sasl_fail(r, "aborted", NULL);
	} else if (!str_eq(node->name, STR("auth")) || r->is_proved) {
		receiver_close(r, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
	} else if (!r->from) {
		sasl_fail(r, "not-authorized", "the stream has no from");
	} else if ((verdict = sasl_auth_judge(&r->scratch, node, str_of(r->from))) != SASL_OK) {
		sasl_fail(r, sasl_failure_text(verdict), NULL);
	} else if (!r->offered_external || !may_external(r) || !receiver_certificate_proves(r, str_of(r->from), &judgement)) {
		sasl_fail(r, "not-authorized", "EXTERNAL was not offered on this stream");
	} else {
		sasl_succeed(r, &judgement);
	}
}

/* ---- both ways (XEP-0288) ---- */

void receiver_bidi(struct receiver *r)
{
	if (r->offered_bidi && !r->is_proved)
		r->is_bidirectional = true;
	else
		receiver_close(r, STREAM_UNSUPPORTED_STANZA_TYPE, "bidi comes before the proof, and only where it was offered");
}

void receiver_carry(struct receiver *r)
{
	if (!r->is_bidirectional || r->state != RECEIVER_OPEN)
		return;
	for (struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next) {
		const struct domain_pair reversed = {.sender = pair->lane.pair.target, .target = pair->lane.pair.sender};

		if (pair->lane.proof != PROOF_NONE && !outbound_is_carrying(&pair->carrier))
			outbound_carry(relay_outbound(r->relay), &reversed, &r->channel, pair->lane.proof, &pair->carrier);
	}
}

void receiver_end_carry(struct receiver *r)
{
	for (struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next)
		outbound_end_carry(&pair->carrier);
}

void receiver_uncarry(struct receiver *r)
{
	for (struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next)
		outbound_uncarry(&pair->carrier);
}

/* ---- dialback: receiving server ---- */

static void send_result(struct receiver *r, const struct domain_pair *pair, enum dialback_type type, enum stanza_condition condition)
{
	const struct dialback result = {.kind = DIALBACK_RESULT, .type = type, .from = pair->target, .to = pair->sender, .condition = condition};
	struct buf out = {0};

	dialback_write(&out, &result);
	receiver_write(r, &out);
}

static void refuse_result(struct receiver *r, const struct domain_pair *pair, enum stanza_condition condition, const char *why)
{
	LOG(r->site->log, receiver_level(r), "dialback-refused", KV_N("stream", r->id), KV_C("role", "receiving"), KV("sender", pair->sender),
	    KV("target", pair->target), KV_C("condition", stanza_condition_text(condition)), KV_C("reason", why));
	receiver_remember(r, pair, "authentication", why);
	send_result(r, pair, DIALBACK_ERROR, condition);
}

static void accept_result(struct receiver_pair *pair, enum proof proof)
{
	struct receiver *r = pair->receiver;

	pair->lane.proof = proof;
	LOG(r->site->log, LOG_INFO, "pair-proved", KV_N("stream", r->id), KV_C("role", "receiving"), KV("sender", pair->lane.pair.sender),
	    KV("target", pair->lane.pair.target), KV_C("proof", proof_text(proof)));
	send_result(r, &pair->lane.pair, DIALBACK_VALID, STANZA_CONDITION_NONE);
	if (r->state != RECEIVER_OPEN)
		return;         /* closed for what it leaves unread */
	receiver_was_proved(r);
	receiver_carry(r);
	receiver_read(r);       /* a stream that was paused may now carry pairs to others, too */
}

static bool may_dialback(const struct receiver *r, const struct domain_pair *pair)
{
	const struct trust_policy *trust = receiver_trust(r, pair->sender);

	return trust->dialback && trust->verify == VERIFY_DIALBACK && (trust->tls != TLS_POLICY_REQUIRED || r->channel.is_secured) &&
	       receiver_version_fits(r, pair->sender) && relay_judge_pair(r->relay, pair).decision == DECISION_PASS;
}

static void on_verified(void *ctx, enum verify_answer answer, const char *why)
{
	static const enum stanza_condition conditions[] = {
		[VERIFY_NOT_FOUND] = COND_REMOTE_SERVER_NOT_FOUND, [VERIFY_UNREACHABLE] = COND_REMOTE_CONNECTION_FAILED,
		[VERIFY_TIMEOUT] = COND_REMOTE_SERVER_TIMEOUT, [VERIFY_POLICY] = COND_NOT_AUTHORIZED,
	};
	struct receiver_pair *pair = ctx;
	struct receiver *r = pair->receiver;

	pair->verify = NULL;
	r->questions--;
	if (r->state != RECEIVER_OPEN)
		return;
	/* Another domain may have been proved, and another configuration be in force, since the question was asked. */
	if (answer == VERIFY_VALID && receiver_zone_fits(r, pair->lane.pair.sender) && may_dialback(r, &pair->lane.pair)) {
		accept_result(pair, PROOF_DIALBACK);
		return;
	}
	if (answer == VERIFY_INVALID) {
		LOG(r->site->log, LOG_WARNING, "dialback-refused", KV_N("stream", r->id), KV_C("role", "receiving"),
		    KV("sender", pair->lane.pair.sender), KV("target", pair->lane.pair.target), KV_C("answer", "invalid"));
		receiver_remember(r, &pair->lane.pair, "authentication",
				  "the authoritative server calls the dialback key invalid: the stream is not from the server of that domain, or that server has "
				  "another secret than the one that made the key");
		send_result(r, &pair->lane.pair, DIALBACK_INVALID, STANZA_CONDITION_NONE);
	} else {
		refuse_result(r, &pair->lane.pair, answer == VERIFY_VALID ? COND_POLICY_VIOLATION : conditions[answer], why);
	}
	receiver_pair_remove(&pair);
}

static void ask_authority(struct receiver *r, const struct domain_pair *pair, struct str key)
{
	struct receiver_pair *asked;

	if (r->questions >= RECEIVER_QUESTIONS_MAX || !(asked = receiver_pair_add(r, pair, PROOF_NONE))) {
		refuse_result(r, pair, COND_RESOURCE_CONSTRAINT, "too many domain pairs on one stream");
		return;
	}
	asked->verify = outbound_verify(relay_outbound(r->relay), &asked->lane.pair, str_of(r->stream_id), key, on_verified, asked);
	if (asked->verify) {
		r->questions++;
		return;
	}
	receiver_pair_remove(&asked);
	refuse_result(r, pair, COND_RESOURCE_CONSTRAINT, "too many keys of this domain are being verified");
}

/* Whether the certificate proves the sender already (XEP-0344 §2), and what policy allows where it does not. */
static void judge_result(struct receiver *r, const struct domain_pair *pair, struct str key)
{
	const struct trust_policy *trust = receiver_trust(r, pair->sender);
	struct receiver_pair *proved;
	struct tls_judgement judgement;

	if (receiver_certificate_proves(r, pair->sender, &judgement)) {
		if ((proved = receiver_pair_add(r, pair, PROOF_NONE)))
			accept_result(proved, PROOF_DIALBACK_CERTIFICATE);
		else
			refuse_result(r, pair, COND_RESOURCE_CONSTRAINT, "too many domain pairs on one stream");
	} else if (!trust->dialback) {
		refuse_result(r, pair, COND_NOT_AUTHORIZED, "auth does not allow dialback for this domain, and its certificate does not prove it");
	} else if (trust->verify == VERIFY_CERTIFICATE) {
		refuse_result(r, pair, COND_NOT_AUTHORIZED, judgement.text);
	} else {
		ask_authority(r, pair, key);
	}
}

static void on_result(struct receiver *r, const struct domain_pair *pair, struct str key)
{
	const struct verdict verdict = relay_judge_pair(r->relay, pair);
	struct receiver_pair *known = receiver_pair_find(r, pair);

	if (verdict.condition == COND_REMOTE_SERVER_NOT_FOUND)
		refuse_result(r, pair, COND_ITEM_NOT_FOUND, "the target domain is not trunked");
	else if (verdict.decision != DECISION_PASS)
		refuse_result(r, pair, COND_POLICY_VIOLATION, verdict.rule);
	else if (receiver_rests(r, pair->sender))
		refuse_result(r, pair, COND_REMOTE_SERVER_TIMEOUT, "the sender's server is drained by an operator");
	else if (!receiver_version_fits(r, pair->sender))
		refuse_result(r, pair, COND_POLICY_VIOLATION, "this version of TLS is too old for the domain");
	else if (!receiver_zone_fits(r, pair->sender))
		refuse_result(r, pair, COND_POLICY_VIOLATION, "a domain of another zone is proved on this stream");
	else if (known && known->lane.proof != PROOF_NONE)
		send_result(r, pair, DIALBACK_VALID, STANZA_CONDITION_NONE);    /* XEP-0220 §2.4: not verified again */
	else if (known)
		refuse_result(r, pair, COND_UNEXPECTED_REQUEST, "the pair is being verified already");
	else
		judge_result(r, pair, key);
}

/* ---- dialback: authoritative server ---- */

/* `pair` as the question has it: the asker, and the domain that we are asked about. */
static void on_question(struct receiver *r, const struct domain_pair *question, const struct dialback *asked)
{
	const struct domain_pair pair = {.sender = question->target, .target = question->sender};
	struct dialback answer = {.kind = DIALBACK_VERIFY, .from = question->target, .to = question->sender, .id = asked->id};
	struct buf out = {0};

	r->has_answered = true;
	if (!route_find(r->site->route, pair.sender) && !str_is(pair.sender, r->site->trunk) &&
	    !outbound_speaks_for(relay_outbound(r->relay), pair.sender)) {
		answer.type = DIALBACK_ERROR;
		answer.condition = COND_ITEM_NOT_FOUND;
	} else if (dialback_key_is_ours(r->site->secrets, loop_wall_ms(r->site->loop), &pair, asked->id, asked->key)) {
		answer.type = DIALBACK_VALID;
	} else {
		answer.type = DIALBACK_INVALID;
	}
	outbound_was_asked(relay_outbound(r->relay), &pair);
	LOG(r->site->log, answer.type == DIALBACK_VALID ? LOG_INFO : receiver_level(r), "dialback-answered", KV_N("stream", r->id),
	    KV_C("role", "authoritative"), KV("sender", pair.sender), KV("target", pair.target),
	    KV_C("answer", answer.type == DIALBACK_VALID ? "valid" : answer.type == DIALBACK_INVALID ? "invalid" : "item-not-found"));
	dialback_write(&out, &answer);
	receiver_write(r, &out);
}

void receiver_dialback(struct receiver *r, const struct xml_node *node)
{
	struct domain from, to;
	struct domain_pair pair;
	struct dialback dialback;
	int err;

	if ((err = dialback_parse(&r->scratch, node, &dialback)) < 0) {
		receiver_close(r, err == TRUNK_ENOENT ? STREAM_UNSUPPORTED_STANZA_TYPE : STREAM_BAD_FORMAT, NULL);
		return;
	}
	if (domain_normalise(dialback.from, &from) < 0 || domain_normalise(dialback.to, &to) < 0) {
		receiver_close(r, STREAM_IMPROPER_ADDRESSING, "a dialback element without from or to, or with a malformed one");
		return;
	}
	if (dialback.id.len > DIALBACK_ID_BYTES_MAX || dialback.key.len > DIALBACK_ID_BYTES_MAX) {
		receiver_close(r, STREAM_POLICY_VIOLATION, "a dialback element that is too long");
		return;
	}
	pair = (struct domain_pair){.sender = domain_str(&from), .target = domain_str(&to)};
	if (!r->channel.is_secured && receiver_trust(r, pair.sender)->tls == TLS_POLICY_REQUIRED) {
		receiver_close(r, STREAM_POLICY_VIOLATION, "TLS is required before dialback");
	} else if (dialback.type != DIALBACK_REQUEST) {
		LOG(r->site->log, receiver_level(r), "dialback-unasked", KV_N("stream", r->id), KV("sender", pair.sender), KV("target", pair.target));
	} else if (dialback.kind == DIALBACK_RESULT) {
		on_result(r, &pair, dialback.key);
	} else {
		on_question(r, &pair, &dialback);
	}
}
