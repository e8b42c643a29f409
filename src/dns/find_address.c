/* SPDX-License-Identifier: Apache-2.0
 * The second stage: the addresses of the hosts, both families at once, mixed in the order to try them (RFC 8305 §4). */
#include "dns/find.h"

#include <stdlib.h>

static struct host *host_of(struct dns_find *find, const char *name)
{
	for (unsigned i = 0; i < find->host_count; i++)
		if (strcmp(find->hosts[i].name, name) == 0)
			return &find->hosts[i];
	return NULL;
}

void find_address_begin(struct dns_find *find)
{
	find_begin(find, FIND_ADDRESS);
	if (!(find->hosts = calloc(find->srv_count, sizeof(*find->hosts)))) {
		find_end(find, TRUNK_EDNS_FAIL, "no memory");
		return;
	}
	for (unsigned i = 0; i < find->srv_count; i++)
		if (!host_of(find, find->srv[i].host))
			memcpy(find->hosts[find->host_count++].name, find->srv[i].host, DNS_HOST_SIZE);
	for (unsigned i = 0; i < find->host_count; i++) {
		struct host *host = &find->hosts[i];

		find_question(find, &host->ask6, DNS_AAAA, i, host->name);
		find_question(find, &host->ask4, DNS_A, i, host->name);
	}
	find->is_busy = false;
	find_step(find);
}

void find_address_answer(struct dns_find *find, struct question *question, const struct dns_answer *answer)
{
	struct host *host = &find->hosts[question->index];
	const bool is_4 = question->type == DNS_A;
	struct endpoint *endpoints = is_4 ? host->v4 : host->v6;
	unsigned *count = is_4 ? &host->count4 : &host->count6;

	for (unsigned i = 0; answer->outcome == DNS_FOUND && i < answer->count && *count < DNS_ADDRESS_MAX; i++)
		if (address_parse(question->type, answer->rdata[i], &endpoints[*count]) == 0)
			(*count)++;
}

static bool is_known(const struct dns_found *found, const struct endpoint *endpoint, enum dns_transport transport)
{
	for (unsigned i = 0; i < found->count; i++)
		if (found->candidates[i].transport == transport && endpoint_eq(&found->candidates[i].endpoint, endpoint))
			return true;
	return false;
}

static void candidate_add(struct dns_found *found, const struct srv *srv, struct endpoint endpoint, bool is_secure)
{
	struct dns_candidate *candidate = &found->candidates[found->count];

	endpoint_set_port(&endpoint, srv->port);
	if (found->count == DNS_ENDPOINT_MAX || is_known(found, &endpoint, srv->transport))
		return;
	*candidate = (struct dns_candidate){.endpoint = endpoint,
					    .transport = srv->transport,
					    .priority = srv->priority,
					    .is_secure = srv->is_secure && is_secure};
	memcpy(candidate->host, srv->host, sizeof(candidate->host));
	found->count++;
}

static void candidates_of(struct dns_found *found, const struct srv *srv, const struct host *host)
{
	for (unsigned i = 0; i < DNS_ADDRESS_MAX; i++) {
		if (i < host->count6)
			candidate_add(found, srv, host->v6[i], host->ask6.is_secure);
		if (i < host->count4)
			candidate_add(found, srv, host->v4[i], host->ask4.is_secure);
	}
}

void find_address_end(struct dns_find *find)
{
	for (unsigned i = 0; i < find->srv_count; i++)
		candidates_of(&find->found, &find->srv[i], host_of(find, find->srv[i].host));
	if (find->found.count == 0)
		find_end_without(find, "%.*s: no address%s", FIND_NAME_SHOWN, find->hosts[0].name,
				 find->ask_srv[0].outcome == DNS_NONE ? ", and no SRV record" : "");
	else if (find->want & DNS_WANT_TLSA)
		find_tlsa_begin(find);
	else
		find_end_with(find);
}
