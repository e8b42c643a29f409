/* SPDX-License-Identifier: Apache-2.0
 * Stand-ins for the rooms below control. */
#include "world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct world *the;       /* the rooms' functions have no argument to carry it */

static const char *const saturn_domains[] = {"saturn.example.org", NULL};
static const char *const mercury_domains[] = {"mercury.example.net", "*.mercury.example.net", NULL};
static const struct zone zones[] = {{.name = "default"}};
static const struct spoke_address mercury_addresses[] = {
	{.is_literal = false, .host = "xmpp.mercury.example.net", .port = 5269}};
static const struct spoke spokes[] = {
	{.name = "saturn", .domains = saturn_domains, .domain_count = 1, .zone = &zones[0]},
	{.name = "mercury",
	 .domains = mercury_domains,
	 .domain_count = 2,
	 .addresses = mercury_addresses,
	 .address_count = 1,
	 .zone = &zones[0]},
};

static void tell(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(char *text, const char *format, ...)
{
	const size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, WORLD_TEXT - len, format, args);
	va_end(args);
}

static const struct config *current_config(void *ctx)
{
	return &((struct world *)ctx)->config;
}

static int reload(void *ctx, struct buf *why)
{
	struct world *world = ctx;

	if (world->reload_err < 0)
		buf_add_cstr(why, "trunkd.yaml:3:1: unknown option \"lisen\"\n");
	else
		world->config.generation++;
	return world->reload_err;
}

static int change_secret(void *ctx, const char *verb, struct str secret, struct buf *why)
{
	struct world *world = ctx;

	(void)why;
	tell(world->told, "secret %s %.*s\n", verb, STR_ARG(str_is_absent(secret) ? STR("-") : secret));
	return 0;
}

struct world *world_new(struct loop *loop)
{
	struct world *world = calloc(1, sizeof(*world));

	world->loop = loop ? loop : loop_new();
	world->site = (struct site){
		.loop = world->loop, .memory = &world->memory, .trunk = "trunk.example.com", .secrets = &world->secrets};
	world->config = (struct config){.generation = 1,
					.file = "trunkd.yaml",
					.trunk = "trunk.example.com",
					.spokes = spokes,
					.spoke_count = 2,
					.zones = zones,
					.zone_count = 1};
	world->env = (struct control_env){.loop = world->loop, .log = log_new(LOG_ERROR, LOG_TEXT, false), .site = &world->site,
					  .config = current_config, .reload = reload, .secret = change_secret, .ctx = world};
	world->streams = 1;
	world->pair_decision = DECISION_PASS;
	strcpy(world->secrets.current, "s3cr3tf0rd14lb4ck");
	return the = world;
}

void world_free(struct world **world)
{
	log_free(&(*world)->env.log);
	loop_free(&(*world)->loop);
	free(*world);
	*world = the = NULL;
}

/* ---- inbound, outbound, relay ---- */

static void show(stream_info_fn *fn, void *ctx, const char *leg, const char *sender, const char *target, const char *state,
		 const char *reason)
{
	struct stream_info info = {.id = 7,
				   .leg = leg,
				   .role = "receiving",
				   .sender = str_of(sender),
				   .target = str_of(target),
				   .state = state,
				   .address = "203.0.113.2:40000",
				   .tls = "TLSv1.3",
				   .cipher = "TLS_AES_128_GCM_SHA256",
				   .alpn = "",
				   .peer_names = "dns:\x1b[2J\xff.example",
				   .proof = PROOF_DIALBACK,
				   .since_ms = 1000,
				   .stanzas_in = 3,
				   .reason = reason};

	fn(ctx, &info);
}

void inbound_each(struct inbound *inbound, stream_info_fn *fn, void *ctx)
{
	(void)inbound;
	for (unsigned i = 0; i < the->streams; i++)
		show(fn, ctx, "inbound", "saturn.example.org", "mercury.example.net", "up", "");
}

void outbound_each(struct outbound *outbound, stream_info_fn *fn, void *ctx)
{
	(void)outbound;
	show(fn, ctx, "outbound", "saturn.example.org", "chat.mercury.example.net", the->is_link_up ? "up" : "down",
	     the->is_link_up ? "" : "connection refused");
}

unsigned inbound_close(struct inbound *inbound, struct str domain, const struct endpoint *address, const char *condition)
{
	char text[ENDPOINT_TEXT_SIZE] = "-";

	(void)inbound;
	if (address)
		endpoint_text(address, text);
	tell(the->told, "inbound_close %.*s %s %s\n", STR_ARG(str_is_absent(domain) ? STR("-") : domain), text, condition);
	return 1;
}

unsigned outbound_close(struct outbound *outbound, struct str domain, const char *condition, bool is_final)
{
	(void)outbound;
	tell(the->told, "outbound_close %.*s %s %s\n", STR_ARG(domain), condition, is_final ? "final" : "again");
	return 1;
}

void outbound_wake(struct outbound *outbound, const struct spoke *spoke)
{
	(void)outbound;
	tell(the->told, "outbound_wake %s\n", spoke->name);
}

void outbound_queues(struct outbound *outbound, queue_info_fn *fn, void *ctx)
{
	const struct queue_info info = {
		.pair = {.sender = STR("saturn.example.org"), .target = STR("mercury.example.net")}, .memory_stanzas = 2, .memory_bytes = 200,
		.disk_stanzas = 3, .disk_bytes = 300, .oldest_wall_ms = loop_wall_ms(the->loop) - 5000, .reason = "connection refused",
	};

	(void)outbound;
	fn(ctx, &info);
}

unsigned outbound_queue(struct outbound *outbound, enum queue_action action, struct str sender, struct str target, size_t *ret_stanzas)
{
	(void)outbound;
	tell(the->told, "outbound_queue %d %.*s>%.*s\n", (int)action, STR_ARG(str_is_absent(sender) ? STR("*") : sender), STR_ARG(target));
	*ret_stanzas = action == QUEUE_DROP || action == QUEUE_BOUNCE ? 3 : 0;
	return str_is(target, "nobody.example") ? 0 : 1;
}

struct inbound_counters inbound_count(const struct inbound *inbound)
{
	(void)inbound;
	return (struct inbound_counters){.accepted = 5, .refused = 2, .streams = the->streams, .unproved = 1};
}

struct outbound *relay_outbound(struct relay *relay)
{
	(void)relay;
	return NULL;
}

struct verdict relay_judge_pair(struct relay *relay, const struct domain_pair *pair)
{
	(void)relay;
	(void)pair;
	return (struct verdict){.decision = the->pair_decision, .rule = "no mail out"};
}

const struct spoke *route_find(const struct route *route, struct str domain)
{
	(void)route;
	for (size_t i = 0; i < 2; i++)
		for (const char *const *pattern = spokes[i].domains; *pattern; pattern++)
			if (domain_fits(domain, str_of(*pattern)))
				return &spokes[i];
	return NULL;
}

/* ---- probes: the test itself calls back ---- */

const char *probe_step_text(enum probe_step step)
{
	return step == PROBE_DNS ? "dns" : step == PROBE_TCP ? "tcp" : "ping";
}

struct probe *outbound_probe(struct outbound *outbound, const struct domain_pair *pair, probe_fn *fn, void *ctx)
{
	(void)outbound;
	tell(the->told, "probe %.*s>%.*s\n", STR_ARG(pair->sender), STR_ARG(pair->target));
	the->probes++;
	if (the->is_probe_instant)
		fn(ctx, PROBE_DNS, false, "no such domain", true);
	the->probe_fn = fn;
	the->probe_ctx = ctx;
	return (struct probe *)the;
}

void probe_cancel(struct probe **probe)
{
	assert(*probe == (struct probe *)the);
	the->probes--;
	the->probe_fn = NULL;
	*probe = NULL;
}

/* ---- the rest ---- */

bool audit_state(const struct audit *audit, struct audit_state *ret_state)
{
	(void)audit;
	*ret_state = (struct audit_state){.has_store = true, .is_failing = true, .records = 7, .lost = 2};
	return true;
}

int audit_operator(struct audit *audit, unsigned uid, const char *command, struct str detail)
{
	(void)audit;
	tell(the->recorded, "%u %s %.*s\n", uid, command, STR_ARG(detail));
	return the->record_err;
}

int blocks_add(struct blocks *blocks, struct str what, int64_t until_ms)
{
	(void)blocks;
	if (the->block_err == 0)
		snprintf(the->blocked, sizeof(the->blocked), "%.*s until %lld", STR_ARG(what), (long long)until_ms);
	return the->block_err;
}

size_t crew_memory_used(const struct crew *crew)
{
	(void)crew;
	return 0;
}

unsigned crew_count(const struct crew *crew)
{
	(void)crew;
	return 1;
}

void blocks_forget(struct blocks *blocks, int64_t wall_ms)
{
	(void)blocks;
	(void)wall_ms;
}

int blocks_remove(struct blocks *blocks, struct str what)
{
	(void)blocks;
	if (!str_starts(str_of(the->blocked), what))
		return TRUNK_ENOENT;
	the->blocked[0] = '\0';
	return 0;
}

bool blocks_has_domain(struct blocks *blocks, struct str domain, int64_t wall_ms)
{
	(void)blocks;
	(void)domain;
	(void)wall_ms;
	return false;
}

unsigned blocks_list(const struct blocks *blocks, struct block_info *ret_list, unsigned max)
{
	(void)blocks;
	if (max == 0 || !the->blocked[0])
		return 0;
	ret_list[0] = (struct block_info){.what = "203.0.113.2:0", .until_ms = 0};
	return 1;
}
