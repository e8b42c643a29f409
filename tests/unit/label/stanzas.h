/* SPDX-License-Identifier: Apache-2.0
 * Stanzas with labels, as literals and as requests. */
#ifndef TRUNK_TEST_LABEL_STANZAS_H
#define TRUNK_TEST_LABEL_STANZAS_H

#include "fixture.h"

#define NS_SL "xmlns='urn:xmpp:sec-label:0'"
#define ESS(octets) "<esssecuritylabel xmlns='urn:xmpp:sec-label:ess:0'>" octets "</esssecuritylabel>"
#define SECURITYLABEL(content) "<securitylabel " NS_SL ">" content "</securitylabel>"
#define LABELLED(octets) SECURITYLABEL("<label>" ESS(octets) "</label>")
#define WITH_EQUIVALENT(octets, other)                                                                                         \
	SECURITYLABEL("<label>" ESS(octets) "</label><equivalentlabel>" ESS(other) "</equivalentlabel>")
#define MARKED_AS(marking, octets) SECURITYLABEL(marking "<label>" ESS(octets) "</label>")
#define MESSAGE_OF(attributes, content) \
	"<message from='nia@inner.example/desk' to='clerk@west.example' " attributes "id='m1'>" content "</message>"
#define MESSAGE(content) MESSAGE_OF("", content)
#define BODY "<body>Crates leave at six.</body>"
#define FORWARDED(content) "<forwarded xmlns='urn:xmpp:forward:0'>" content "</forwarded>"
#define INNER(content) "<message xmlns='jabber:client' from='a@b.example' to='c@d.example'>" content "</message>"

#define OCT1 "MQ8CAQEGCisGAQQBgf1ZTQE="
#define OCT2 "MTgCAQMGCisGAQQBgf1ZTQExJzAlgApghkgBZQIBCAMBoRcwFQYLKwYBBAGB/VlNAQIxBgIBAQIBAg=="
#define OCT2_MILL "MTgCAQUGCisGAQQBgf1ZTQIxJzAlgApghkgBZQIBCAMBoRcwFQYLKwYBBAGB/VlNAgIxBgIBCwIBDA=="
#define OCT3                                                                                                                   \
	"MVgCAQQGCisGAQQBgf1ZTQExRzAhgApghkgBZQIBCAMAoRMwEQYLKwYBBAGB/"                                                        \
	"VlNAQEDAgeAMCKACmCGSAFlAgEIAwGhFDASBgsrBgEEAYH9WU0BAjEDAgEB"
#define OCT6 "MQMCAQM="
#define OCT8 "MQ8CAQkGCisGAQQBgf1ZTQE="
#define OCT_LOW "MQ8CAQEGCisGAQQBgf1ZTQI="
#define OCT_BARN "MQcCAQEGAioD"          /* of policy 1.2.3, which nobody loaded */

/* A request between two of the fixture's clearances. */
static inline struct label_request request_of(struct fixture *f, unsigned sender, unsigned recipient)
{
	return (struct label_request){
		.options = &f->options, .treatment = LABEL_KEEP,
		.sender = {.at = (const struct label_clearance *const *)&f->clearances[sender], .count = 1},
		.recipient = {.at = (const struct label_clearance *const *)&f->clearances[recipient], .count = 1},
	};
}

static inline struct label_result check(struct fixture *f, const struct label_request *request, const char *stanza)
{
	struct label_result result;

	label_check(&f->arena, tree(f, stanza), request, &result);
	return result;
}

/* "pass", "drop", or the reason. */
static inline const char *outcome(struct fixture *f, const struct label_request *request, const char *stanza)
{
	const struct label_result result = check(f, request, stanza);

	if (result.outcome == LABEL_PASS)
		return result.decision.why == LABEL_GRANTED && !result.condition ? "pass" : "inconsistent";
	if (result.outcome == LABEL_DROP)
		return "drop";
	if (result.outcome != LABEL_DENY || result.condition != label_condition(&result.decision) || result.shaped)
		return "inconsistent";
	return reason(f, result.decision);
}

/* What leaves: the shaped stanza, "unchanged", or the reason of a denial. */
static inline const char *leaves(struct fixture *f, const struct label_request *request, const char *stanza)
{
	const struct label_result result = check(f, request, stanza);

	if (result.outcome != LABEL_PASS)
		return reason(f, result.decision);
	return result.shaped ? text(f, result.shaped) : "unchanged";
}

#endif
