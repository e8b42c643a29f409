/* SPDX-License-Identifier: Apache-2.0
 * Builds the rooms of one loop from a configuration, and swaps the configuration beneath them. */
#include "daemon/trunk.h"

#include "inbound/admission.h"

#include <stdlib.h>

enum { OWN_CONTACTS_MAX = 64 };

struct in_force {
	atomic_uint refs;
	unsigned generation;
	struct config *config;
	struct tls_store *store;
	struct route *route;
	struct own_contact contacts[OWN_CONTACTS_MAX];
	struct endpoint listen[32];
	unsigned listen_count;
};

struct trunk_shared {
	struct crew *crew;
	struct admission *admission;
};

struct trunk {
	struct site site;
	struct trunk_shared *own;       /* of a single worker; NULL: the daemon's */
	struct buf plain, cipher;
	struct in_force *now;
	struct filter_set *filters;     /* this worker's, of `now`; NULL: none */
	struct relay *relay;
	struct inbound *inbound;
};

struct in_force *in_force_ref(struct in_force *in_force)
{
	atomic_fetch_add(&in_force->refs, 1);
	return in_force;
}

void in_force_free(struct in_force **in_force)
{
	struct in_force *last = *in_force;

	*in_force = NULL;
	if (!last || atomic_fetch_sub(&last->refs, 1) > 1)
		return;
	route_free(&last->route);
	tls_store_free(&last->store);
	config_free(&last->config);
	free(last);
}

static void add_listeners(struct in_force *in_force, const struct endpoint *listen, unsigned count)
{
	const unsigned max = sizeof(in_force->listen) / sizeof(in_force->listen[0]);

	for (unsigned i = 0; i < count && in_force->listen_count < max; i++)
		in_force->listen[in_force->listen_count++] = listen[i];
}

struct in_force *in_force_new(struct config *config, struct tls_store *store, unsigned generation)
{
	struct in_force *made = calloc(1, sizeof(*made));

	if (!made)
		return NULL;
	atomic_init(&made->refs, 1);
	made->generation = config->generation = generation;
	made->config = config_ref(config);
	made->store = tls_store_ref(store);
	made->route = route_new(config->spokes, config->spoke_count, config->zones, config->zone_count);
	add_listeners(made, config->listen, config->listen_count);
	add_listeners(made, config->listen_tls, config->listen_tls_count);
	for (unsigned i = 0; i < config->contact_count && i < OWN_CONTACTS_MAX; i++)
		made->contacts[i] = (struct own_contact){.kind = config->contacts[i].kind, .uri = config->contacts[i].uri};
	if (!made->route)
		in_force_free(&made);
	return made;
}

/* States of scripts are made anew only where the filters are. Without memory there are none, and rules that ask one reject. Before the
 * configuration that the old ones borrow from has gone. */
static void take_filters(struct trunk *trunk, struct filters *filters)
{
	if (trunk->filters && filter_set_filters(trunk->filters) == filters)
		return;
	filter_set_free(&trunk->filters);
	if (filters)
		trunk->filters = filter_set_new(filters, trunk->site.log);
	trunk->site.filters = trunk->filters;
}

static void put_in_force(struct trunk *trunk, struct in_force *next)
{
	const struct config *config = next->config;
	struct site *site = &trunk->site;

	site->generation = next->generation;
	site->trunk = config->trunk;
	site->route = next->route;
	site->overrides = config->overrides;
	site->has_trust_anchor = config->dns.trust_anchor != NULL;
	site->store = next->store;
	site->trust = &config->trust;
	site->limits = &config->limits;
	site->listen = next->listen;
	site->listen_count = next->listen_count;
	take_filters(trunk, config->filters);
	atomic_store(&site->memory->limit_bytes, config->limits.memory_bytes);
	trunk->now = next;
}

static void tell_rooms(struct trunk *trunk)
{
	const unsigned count = trunk->now->config->contact_count;

	relay_set_policy(trunk->relay, trunk->now->config->policy);
	relay_set_contacts(trunk->relay, trunk->now->contacts, count < OWN_CONTACTS_MAX ? count : OWN_CONTACTS_MAX);
}

struct trunk_shared *trunk_shared_new(unsigned workers)
{
	struct trunk_shared *shared = calloc(1, sizeof(*shared));

	if (!shared)
		return NULL;
	shared->crew = crew_new(workers);
	shared->admission = admission_new();
	if (!shared->crew || !shared->admission)
		trunk_shared_free(&shared);
	return shared;
}

void trunk_shared_free(struct trunk_shared **shared)
{
	if (!*shared)
		return;
	admission_free(&(*shared)->admission);
	crew_free(&(*shared)->crew);
	free(*shared);
	*shared = NULL;
}

struct crew *trunk_crew(struct trunk_shared *shared)
{
	return shared->crew;
}

static struct trunk_shared *shared_of(struct trunk *trunk, const struct trunk_options *options)
{
	if (options->shared)
		return options->shared;
	return trunk->own = trunk_shared_new(1);
}

static int open_rooms(struct trunk *trunk, const struct trunk_options *options, struct admission *admission)
{
	const struct relay_options relay = {.site = &trunk->site, .audit = options->audit, .blocks = options->blocks, .tap = options->tap};

	if (!(trunk->relay = relay_new(&relay)))
		return TRUNK_ENOMEM;
	tell_rooms(trunk);
	trunk->inbound = inbound_new(&(struct inbound_options){.site = &trunk->site, .relay = trunk->relay, .blocks = options->blocks,
							       .admission = admission});
	return trunk->inbound ? 0 : TRUNK_ENOMEM;
}

struct trunk *trunk_new(const struct trunk_options *options)
{
	struct trunk *trunk = calloc(1, sizeof(*trunk));
	struct in_force *first = options->in_force ? in_force_ref(options->in_force) : in_force_new(options->config, options->store, 1);
	struct trunk_shared *shared = trunk ? shared_of(trunk, options) : NULL;

	if (!trunk || !first || !shared || crew_join(shared->crew, options->worker, options->loop) < 0)
		goto fail;
	trunk->site = (struct site){
		.crew = shared->crew, .worker = options->worker, .loop = options->loop, .net = options->net, .dns = options->dns,
		.log = options->log, .secrets = options->secrets, .memory = crew_memory(shared->crew, options->worker),
		.failures = crew_failures(shared->crew), .started_ms = loop_wall_ms(options->loop), .plain = &trunk->plain,
		.cipher = &trunk->cipher, .spool = options->spool, .rest = options->rest,
	};
	put_in_force(trunk, first);
	first = NULL;
	if (open_rooms(trunk, options, shared->admission) < 0)
		goto fail;
	outbound_restore(relay_outbound(trunk->relay));
	return trunk;
fail:
	in_force_free(&first);
	trunk_free(&trunk);
	return NULL;
}

void trunk_free(struct trunk **trunk)
{
	if (!*trunk)
		return;
	if ((*trunk)->own)
		crew_clear((*trunk)->own->crew);
	inbound_free(&(*trunk)->inbound);
	relay_free(&(*trunk)->relay);
	filter_set_free(&(*trunk)->filters);
	in_force_free(&(*trunk)->now);
	trunk_shared_free(&(*trunk)->own);
	buf_fini(&(*trunk)->plain);
	buf_fini(&(*trunk)->cipher);
	free(*trunk);
	*trunk = NULL;
}

void trunk_take(struct trunk *trunk, struct in_force *in_force)
{
	struct in_force *before = trunk->now;

	policy_adopt(in_force->config->policy, before->config->policy);
	put_in_force(trunk, in_force_ref(in_force));
	tell_rooms(trunk);
	outbound_reload(relay_outbound(trunk->relay));
	inbound_reload(trunk->inbound);
	in_force_free(&before);
}

int trunk_reload(struct trunk *trunk, struct config *config, struct tls_store *store)
{
	struct in_force *next = in_force_new(config, store, trunk->now->generation + 1);

	if (!next)
		return TRUNK_ENOMEM;
	trunk_take(trunk, next);
	in_force_free(&next);
	return 0;
}

void trunk_set_dns(struct trunk *trunk, struct dns *dns)
{
	trunk->site.dns = dns;
}

struct inbound *trunk_inbound(struct trunk *trunk)
{
	return trunk->inbound;
}

struct relay *trunk_relay(struct trunk *trunk)
{
	return trunk->relay;
}

const struct site *trunk_site(const struct trunk *trunk)
{
	return &trunk->site;
}

const struct config *trunk_config(const struct trunk *trunk)
{
	return trunk->now->config;
}

void trunk_drain(struct trunk *trunk, timer_fn *fn, void *ctx)
{
	const struct site *site = &trunk->site;

	inbound_drain(trunk->inbound);
	outbound_drain(relay_outbound(trunk->relay), loop_now_ms(site->loop) + site->limits->drain_timeout_ms, fn, ctx);
}
