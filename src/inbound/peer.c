/* SPDX-License-Identifier: Apache-2.0
 * What the configuration in force says of the peer of a stream: what it must show, whether what it has shown still holds, whether it rests. */
#include "inbound/receiver.h"

#include <stdlib.h>

const struct trust_policy *receiver_trust(const struct receiver *r, struct str domain)
{
	const struct spoke *spoke;

	if (str_is_absent(domain))
		domain = str_of(r->from);
	spoke = str_is_absent(domain) ? NULL : route_find(r->site->route, domain);
	return spoke ? &spoke->trust : r->site->trust;
}

/* The records that were found for the header's `from`: whichever of its servers connects, one of them must speak for it. */
static size_t tlsa_of(const struct receiver *r, struct str domain, struct tls_tlsa ret_tlsa[static DNS_TLSA_MAX])
{
	if (!r->found || !r->from || !str_is(domain, r->from))
		return 0;
	for (unsigned i = 0; i < r->found->tlsa_count; i++)
		ret_tlsa[i] = (struct tls_tlsa){
			.usage = r->found->tlsa[i].usage, .selector = r->found->tlsa[i].selector, .matching = r->found->tlsa[i].matching,
			.data = str_make((const char *)r->found->tlsa[i].data, r->found->tlsa[i].len),
		};
	return r->found->tlsa_count;
}

bool receiver_certificate_proves(struct receiver *r, struct str domain, struct tls_judgement *ret_judgement)
{
	const struct trust_policy *trust = receiver_trust(r, domain);
	char ascii[DOMAIN_SIZE];
	struct tls_tlsa tlsa[DNS_TLSA_MAX];
	const struct tls_expectation expected = {
		.domain = ascii, .pins = (const uint8_t (*)[TLS_PIN_BYTES])trust->pins, .pin_count = trust->pin_count,
		.tlsa = tlsa, .tlsa_count = tlsa_of(r, domain, tlsa),
	};

	*ret_judgement = (struct tls_judgement){.proof = TLS_PROOF_NONE, .doubt = TLS_DOUBT_NO_CERTIFICATE, .text = "no TLS"};
	if (!r->channel.is_secured || domain_to_ascii(domain, ascii, sizeof(ascii)) < 0)
		return false;
	tls_session_judge_by(r->channel.tls, r->site->store);
	tls_session_judge(r->channel.tls, &expected, loop_wall_ms(r->site->loop), ret_judgement);
	return ret_judgement->proof != TLS_PROOF_NONE;
}

void receiver_remember(struct receiver *r, const struct domain_pair *pair, const char *step, const char *why)
{
	char address[ENDPOINT_TEXT_SIZE];
	const struct failure failure = {
		.wall_ms = loop_wall_ms(r->site->loop), .pair = *pair, .leg = "inbound", .role = "receiving", .address = address,
		.step = step, .reason = why,
	};

	endpoint_text(&r->channel.conn->peer, address);
	failures_add(r->site->failures, &failure);
}

bool receiver_is_trunked(const struct receiver *r, struct str domain)
{
	return str_is(domain, r->site->trunk) || route_find(r->site->route, domain) != NULL;
}

bool receiver_zone_fits(const struct receiver *r, struct str sender)
{
	const struct spoke *spoke = route_find(r->site->route, sender);

	for (const struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next) {
		const struct spoke *other = pair->lane.proof != PROOF_NONE ? route_find(r->site->route, pair->lane.pair.sender) : NULL;

		if (other && (!spoke || other->zone != spoke->zone))
			return false;
	}
	return true;
}

bool receiver_version_fits(const struct receiver *r, struct str sender)
{
	return !r->channel.is_secured || tls_session_protocol(r->channel.tls) >= receiver_trust(r, sender)->min_version;
}

static bool proof_holds(struct receiver *r, const struct receiver_pair *pair)
{
	const struct trust_policy *trust = receiver_trust(r, pair->lane.pair.sender);
	struct tls_judgement judgement;
	const bool is_certified = receiver_certificate_proves(r, pair->lane.pair.sender, &judgement);

	if ((trust->tls == TLS_POLICY_REQUIRED && !r->channel.is_secured) || !receiver_version_fits(r, pair->lane.pair.sender))
		return false;
	if (trust->pin_count > 0 && !is_certified && trust->verify == VERIFY_CERTIFICATE)
		return false;
	if (pair->lane.proof == PROOF_DIALBACK)
		return trust->dialback && (trust->verify == VERIFY_DIALBACK || is_certified);
	if (pair->lane.proof == PROOF_DIALBACK_CERTIFICATE)
		return is_certified;
	return trust->external && is_certified;
}

bool receiver_holds(struct receiver *r)
{
	for (struct receiver_pair *pair = r->pairs; pair; pair = pair->hh.next) {
		if (pair->lane.proof == PROOF_NONE)
			continue;
		if (!receiver_is_trunked(r, pair->lane.pair.target) || !proof_holds(r, pair) || !receiver_zone_fits(r, pair->lane.pair.sender) ||
		    relay_judge_pair(r->relay, &pair->lane.pair).decision != DECISION_PASS)
			return false;
	}
	return true;
}

bool receiver_rests(const struct receiver *r, struct str domain)
{
	const struct spoke *spoke = r->site->rest ? route_find(r->site->route, domain) : NULL;

	return spoke && rest_has(r->site->rest, spoke->name);
}
