/* SPDX-License-Identifier: Apache-2.0
 * The third stage: TLSA records of candidates that DNSSEC vouches for (RFC 6698, RFC 7673). */
#include "dns/find.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_same_service(const struct dns_candidate *a, const struct dns_candidate *b)
{
	return endpoint_port(&a->endpoint) == endpoint_port(&b->endpoint) && strcmp(a->host, b->host) == 0;
}

/* The first candidate of the same host and port asks for the others, too; only secure ones count. */
static unsigned asker_of(const struct dns_found *found, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (found->candidates[i].is_secure && is_same_service(&found->candidates[i], &found->candidates[index]))
			return i;
	return index;
}

void find_tlsa_begin(struct dns_find *find)
{
	const struct dns_found *found = &find->found;
	char name[sizeof(find->ask_tlsa->name)];

	find_begin(find, FIND_TLSA);
	if (!(find->ask_tlsa = calloc(found->count, sizeof(*find->ask_tlsa)))) {
		find_end(find, TRUNK_EDNS_FAIL, "no memory");
		return;
	}
	for (unsigned i = 0; i < found->count; i++) {
		const struct dns_candidate *candidate = &found->candidates[i];

		if (!candidate->is_secure || asker_of(found, i) != i)
			continue;
		snprintf(name, sizeof(name), "_%u._tcp.%s", endpoint_port(&candidate->endpoint), candidate->host);
		find_question(find, &find->ask_tlsa[i], DNS_TLSA, i, name);
	}
	find->is_busy = false;
	find_step(find);
}

void find_tlsa_answer(struct dns_find *find, struct question *question, const struct dns_answer *answer)
{
	struct dns_found *found = &find->found;
	struct dns_candidate *asker = &found->candidates[question->index];

	asker->tlsa = found->tlsa_count;
	if (answer->outcome != DNS_FOUND || !answer->is_secure)
		return;
	for (unsigned i = 0; i < answer->count && found->tlsa_count < DNS_TLSA_MAX; i++)
		if (tlsa_parse(answer->rdata[i], &found->tlsa[found->tlsa_count]) == 0)
			found->tlsa_count++;
	asker->tlsa_count = found->tlsa_count - asker->tlsa;
}

/* A look-up that failed or was forged may hide records that forbid the certificate we are going to see: such a server is not
 * connected to (RFC 6698 §4.1). */
static unsigned drop_unknown(struct dns_find *find)
{
	struct dns_found *found = &find->found;
	bool is_lost[DNS_ENDPOINT_MAX];
	unsigned kept = 0;

	for (unsigned i = 0; i < found->count; i++) {
		struct dns_candidate *candidate = &found->candidates[i];
		const unsigned asker = asker_of(found, i);

		is_lost[i] = candidate->is_secure && find->ask_tlsa[asker].outcome == DNS_FAIL;
		if (!candidate->is_secure)
			continue;
		candidate->tlsa = found->candidates[asker].tlsa;
		candidate->tlsa_count = found->candidates[asker].tlsa_count;
	}
	for (unsigned i = 0; i < found->count; i++)
		if (!is_lost[i])
			found->candidates[kept++] = found->candidates[i];
	return kept;
}

void find_tlsa_end(struct dns_find *find)
{
	const struct dns_candidate *first = &find->found.candidates[0];
	char name[sizeof(find->ask_tlsa->name)];

	snprintf(name, sizeof(name), "_%u._tcp.%s", endpoint_port(&first->endpoint), first->host);
	find->found.count = drop_unknown(find);
	if (find->found.count > 0)
		find_end_with(find);
	else
		find_end(find, TRUNK_EDNS_FAIL, "%.*s: the look-up of TLSA failed", FIND_NAME_SHOWN, name);
}
