/* SPDX-License-Identifier: Apache-2.0
 * The first stage: which hosts serve the domain (RFC 6120 §3.2.1, RFC 2782, XEP-0368 §3). */
#include "dns/find.h"

#include <stdio.h>

static const char *const services[2] = {"_xmpp-server._tcp", "_xmpps-server._tcp"};

void find_srv_begin(struct dns_find *find)
{
	const bool is_wanted[2] = {find->want & DNS_WANT_STARTTLS, find->want & DNS_WANT_DIRECT};
	char name[sizeof(find->ask_srv[0].name)];

	find_begin(find, FIND_SRV);
	for (unsigned i = 0; i < 2; i++) {
		if (!is_wanted[i])
			continue;
		snprintf(name, sizeof(name), "%s.%.*s", services[i], DNS_HOST_SIZE - 1, find->domain);
		find_question(find, &find->ask_srv[i], DNS_SRV, i, name);
	}
	find->is_busy = false;
	find_step(find);
}

void find_srv_answer(struct dns_find *find, struct question *question, const struct dns_answer *answer)
{
	const unsigned count = answer->outcome != DNS_FOUND ? 0 : answer->count < DNS_SRV_MAX ? answer->count : DNS_SRV_MAX;
	unsigned malformed = 0;

	for (unsigned i = 0; i < count; i++) {
		struct srv *srv = &find->srv[find->srv_count];

		if (srv_parse(answer->rdata[i], srv) < 0) {
			malformed++;
			continue;
		}
		srv->transport = question->index == 0 ? DNS_STARTTLS : DNS_DIRECT;
		srv->is_secure = answer->is_secure;
		if (srv->host[0])
			find->srv_count++;
		else
			find->is_denied = true;
	}
	if (malformed > 0 && malformed == count)
		find_failed(find, question, "malformed SRV record");
}

/* RFC 6120 §3.2.2: without SRV the domain is a host itself. Not where looking for SRV failed, or there is more behind it than
 * we know; and not where the domain says that it uses SRV (XEP-0368 §3). */
static void find_srv_none(struct dns_find *find)
{
	const struct question *question = &find->ask_srv[find->want & DNS_WANT_STARTTLS ? 0 : 1];
	struct srv *only = &find->srv[0];

	if (find->has_failed || find->is_denied || !(find->want & DNS_WANT_STARTTLS)) {
		find_end_without(find, "%s: %s", question->name,
				 find->is_denied ? "the service is not offered" : "no such record");
		return;
	}
	*only = (struct srv){.port = DNS_XMPP_PORT, .transport = DNS_STARTTLS, .is_secure = question->is_secure};
	memcpy(only->host, find->domain, sizeof(only->host));
	find->srv_count = 1;
	find_address_begin(find);
}

void find_srv_end(struct dns_find *find)
{
	if (find->srv_count == 0) {
		find_srv_none(find);
		return;
	}
	srv_sort(find->srv, find->srv_count, find->dns->random, find->dns->random_ctx);
	find_address_begin(find);
}
