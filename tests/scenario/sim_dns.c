/* SPDX-License-Identifier: Apache-2.0
 * A scripted resolver on the timers of a loop. */
#include "sim_dns.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { SIM_RECORDS_MAX = 64 };

struct entry {
	struct list link;
	char name[DNS_HOST_SIZE + 24];
	enum dns_type type;
	enum dns_outcome outcome;
	const char *reason;
	bool is_secure, is_bogus;
	int64_t delay_ms;
	unsigned count, asked;
	struct str rdata[SIM_RECORDS_MAX];      /* owned */
};

struct sim_dns {
	struct loop *loop;
	struct list entries;            /* of struct entry, owned */
	struct list asks;               /* of struct dns_ask, owned: those that wait */
};

struct dns_ask {
	struct list link;
	struct entry *entry;
	struct timer timer;
	dns_answer_fn *fn;
	void *ctx;
};

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

struct sim_dns *sim_dns_new(struct loop *loop)
{
	struct sim_dns *sim = need(calloc(1, sizeof(*sim)));

	sim->loop = loop;
	list_init(&sim->entries);
	list_init(&sim->asks);
	return sim;
}

static struct entry *entry_find(const struct sim_dns *sim, const char *name, enum dns_type type)
{
	LIST_EACH (pos, &sim->entries) {
		struct entry *entry = LIST_OF(pos, struct entry, link);

		if (entry->type == type && strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

static struct entry *entry_of(struct sim_dns *sim, const char *name, enum dns_type type)
{
	struct entry *entry = entry_find(sim, name, type);

	if (entry)
		return entry;
	entry = need(calloc(1, sizeof(*entry)));
	if (strlen(name) >= sizeof(entry->name))
		abort();
	memcpy(entry->name, name, strlen(name) + 1);
	entry->type = type;
	entry->outcome = DNS_NONE;
	list_init(&entry->link);
	list_add_tail(&sim->entries, &entry->link);
	return entry;
}

void sim_dns_raw(struct sim_dns *sim, const char *name, enum dns_type type, struct str rdata)
{
	struct entry *entry = entry_of(sim, name, type);

	if (entry->count == SIM_RECORDS_MAX)
		abort();
	entry->outcome = DNS_FOUND;
	/* To the byte, so that a sanitizer sees who reads beyond. */
	entry->rdata[entry->count] = str_make(need(malloc(rdata.len ? rdata.len : 1)), rdata.len);
	if (rdata.len)
		memcpy((char *)(uintptr_t)entry->rdata[entry->count].at, rdata.at, rdata.len);
	entry->count++;
}

static size_t put_number(char *out, size_t at, uint16_t number)
{
	out[at] = (char)(number >> 8);
	out[at + 1] = (char)(number & 0xff);
	return at + 2;
}

void sim_dns_srv(struct sim_dns *sim, const char *name, uint16_t priority, uint16_t weight, uint16_t port, const char *target)
{
	char rdata[6 + DNS_HOST_SIZE + 1];
	size_t at = 0;

	at = put_number(rdata, at, priority);
	at = put_number(rdata, at, weight);
	at = put_number(rdata, at, port);
	for (struct str rest = strcmp(target, ".") ? str_of(target) : STR_NONE; !str_is_absent(rest);) {
		const struct str label = str_cut(&rest, '.');

		if (label.len == 0 || label.len > 63 || at + label.len + 2 > sizeof(rdata))
			abort();
		rdata[at++] = (char)label.len;
		memcpy(&rdata[at], label.at, label.len);
		at += label.len;
	}
	rdata[at++] = 0;
	sim_dns_raw(sim, name, DNS_SRV, str_make(rdata, at));
}

void sim_dns_address(struct sim_dns *sim, const char *name, const char *address)
{
	char rdata[16];

	if (inet_pton(AF_INET, address, rdata) == 1)
		sim_dns_raw(sim, name, DNS_A, str_make(rdata, 4));
	else if (inet_pton(AF_INET6, address, rdata) == 1)
		sim_dns_raw(sim, name, DNS_AAAA, str_make(rdata, 16));
	else
		abort();
}

static unsigned hex_digit(char c)
{
	const char *const digits = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	if (!found)
		abort();
	return (unsigned)(found - digits);
}

void sim_dns_tlsa(struct sim_dns *sim, const char *name, uint8_t usage, uint8_t selector, uint8_t matching, const char *hex)
{
	char rdata[512] = {(char)usage, (char)selector, (char)matching};
	size_t at = 3;

	for (; hex[0]; hex += 2) {
		if (at == sizeof(rdata))
			abort();
		rdata[at++] = (char)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
	}
	sim_dns_raw(sim, name, DNS_TLSA, str_make(rdata, at));
}

void sim_dns_outcome(struct sim_dns *sim, const char *name, enum dns_type type, enum dns_outcome outcome, const char *reason)
{
	struct entry *entry = entry_of(sim, name, type);

	entry->outcome = outcome;
	entry->reason = reason;
}

void sim_dns_secure(struct sim_dns *sim, const char *name, enum dns_type type)
{
	entry_of(sim, name, type)->is_secure = true;
}

void sim_dns_bogus(struct sim_dns *sim, const char *name, enum dns_type type)
{
	sim_dns_outcome(sim, name, type, DNS_FAIL, NULL);
	entry_of(sim, name, type)->is_bogus = true;
}

void sim_dns_delay(struct sim_dns *sim, const char *name, enum dns_type type, int64_t delay_ms)
{
	entry_of(sim, name, type)->delay_ms = delay_ms;
}

static void entry_clear(struct entry *entry)
{
	for (unsigned i = 0; i < entry->count; i++)
		free((char *)(uintptr_t)entry->rdata[i].at);
	entry->count = 0;
}

void sim_dns_forget(struct sim_dns *sim, const char *name, enum dns_type type)
{
	struct entry *entry = entry_of(sim, name, type);

	entry_clear(entry);     /* the entry itself stays: asks may point at it */
	entry->outcome = DNS_NONE;
	entry->reason = NULL;
	entry->is_secure = entry->is_bogus = false;
	entry->delay_ms = 0;
}

unsigned sim_dns_asked(const struct sim_dns *sim, const char *name, enum dns_type type)
{
	const struct entry *entry = entry_find(sim, name, type);

	return entry ? entry->asked : 0;
}

unsigned sim_dns_open(const struct sim_dns *sim)
{
	unsigned count = 0;

	LIST_EACH (pos, &sim->asks)
		count++;
	return count;
}

static void ask_end(struct dns_ask *ask)
{
	timer_stop(&ask->timer);
	list_remove(&ask->link);
	free(ask);
}

static void entry_tell(const struct entry *entry, dns_answer_fn *fn, void *ctx)
{
	const struct dns_answer answer = {
		.outcome = entry->outcome,
		.is_secure = entry->is_secure,
		.is_bogus = entry->is_bogus,
		.reason = entry->reason,
		.count = entry->outcome == DNS_FOUND ? entry->count : 0,
		.rdata = entry->rdata,
	};

	fn(ctx, &answer);
}

static void on_due(void *ctx)
{
	struct dns_ask *ask = ctx;
	const struct entry *entry = ask->entry;
	dns_answer_fn *fn = ask->fn;

	ctx = ask->ctx;
	ask_end(ask);
	entry_tell(entry, fn, ctx);
}

static struct dns_ask *sim_ask(void *resolver, const char *name, enum dns_type type, dns_answer_fn *fn, void *ctx)
{
	struct sim_dns *sim = resolver;
	struct entry *entry = entry_of(sim, name, type);
	struct dns_ask *ask;

	entry->asked++;
	if (entry->delay_ms == SIM_DNS_IN_CALL) {
		entry_tell(entry, fn, ctx);
		return NULL;
	}
	ask = need(calloc(1, sizeof(*ask)));
	*ask = (struct dns_ask){.entry = entry, .fn = fn, .ctx = ctx};
	list_init(&ask->link);
	list_add_tail(&sim->asks, &ask->link);
	if (entry->delay_ms != SIM_DNS_NEVER)
		timer_start(sim->loop, &ask->timer, entry->delay_ms, on_due, ask);
	return ask;
}

static void sim_cancel(void *resolver, struct dns_ask *ask)
{
	(void)resolver;
	ask_end(ask);
}

static void sim_free(void *resolver)
{
	struct sim_dns *sim = resolver;

	LIST_EACH (pos, &sim->asks)
		ask_end(LIST_OF(pos, struct dns_ask, link));
	LIST_EACH (pos, &sim->entries) {
		struct entry *entry = LIST_OF(pos, struct entry, link);

		entry_clear(entry);
		free(entry);
	}
	free(sim);
}

const struct dns_resolver_ops sim_dns_ops = {.ask = sim_ask, .cancel = sim_cancel, .free = sim_free};
