/* SPDX-License-Identifier: Apache-2.0
 * The block that describes the trunk: lines of trunkd.yaml, and the short forms for spokes, peers and certificates. */
#include "world.h"

#include "labels.h"
#include "sim_net.h"

#include <stdio.h>

enum { REVOKED_MAX = 4 };

/* A configuration in the making. */
struct block {
	struct world *world;
	struct buf yaml;                /* lines that stand as they are */
	struct buf spokes;              /* what the short forms give below `spokes:` */
	struct buf filters;             /* the same below `filters:` */
	struct buf why;                 /* problems that config_load_text() told */
	bool has_trunk, has_listen;
	bool trusts_nobody;
	const struct peer *revoked[REVOKED_MAX + 1];     /* whose certificates the CA takes back; NULL-terminated */
	bool has_crl;
};

static const struct {
	const char *name, *address;
} known_places[] = {
	{"saturn", "203.0.113.2"}, {"mercury", "233.252.0.6"}, {"venus", "192.0.2.7"},
	{"mars", "192.0.2.8"},     {"pluto", "192.0.2.9"},
};

static int place_of(struct str name, struct endpoint *ret_at)
{
	for (size_t i = 0; i < sizeof(known_places) / sizeof(known_places[0]); i++)
		if (str_is(name, known_places[i].name))
			return endpoint_parse(str_of(known_places[i].address), 5269, ret_at);
	return TRUNK_ENOENT;
}

/* Words behind `keyword` up to the next keyword. */
static unsigned argument_end(const struct words *words, unsigned from)
{
	static const char *const keywords[] = {"domain", "address", "by", "clearance", "default-label", "with", NULL};

	for (; from < words->count; from++)
		for (unsigned k = 0; keywords[k]; k++)
			if (word_is(words, from, keywords[k]) && !words->is_quoted[from])
				return from;
	return from;
}

static int make_peer(struct block *block, const struct words *words, struct peer **ret_peer)
{
	struct world *world = block->world;
	const unsigned address = words_find(words, 2, "address"), domain = words_find(words, 2, "domain");
	char name[PEER_WORD_SIZE];
	struct endpoint at;

	TEXT_COPY(name, words->at[1]);
	if ((*ret_peer = world_peer(world, words->at[1])))
		return 0;
	if ((address + 1 < words->count ? endpoint_parse(words->at[address + 1], 5269, &at) : place_of(words->at[1], &at)) < 0)
		return world_fail(world, "%s needs an address", name);
	if (!(*ret_peer = peer_new(&world->env, name, &at)))
		return world_fail(world, "%s can't listen: is its address taken?", name);
	list_add_tail(&world->peers, &(*ret_peer)->link);
	for (unsigned i = domain + 1, end = argument_end(words, domain + 1); i < end; i++)
		if (peer_add_domain(*ret_peer, words->at[i]) < 0)
			return world_fail(world, "%s: no domain: %.*s", name, STR_ARG(words->at[i]));
	return 0;
}

/* {pin-of:NAME} is the pin of what a peer shows, as tls.pin has it. */
static int add_pins(struct block *block, struct str text, struct buf *out)
{
	while (text.len > 0) {
		const struct str name = str_from(str_until(text, str_find(text, '}')), 8);
		struct peer *peer = NULL;

		if (!str_starts(text, STR("{pin-of:"))) {
			buf_add(out, str_until(text, 1));
			text = str_from(text, 1);
			continue;
		}
		if (!(peer = world_peer(block->world, name)) || peer_add_pin(peer, out) < 0)
			return world_fail(block->world, "the pin of whom? %.*s", STR_ARG(name));
		text = str_from(text, name.len + 9);
	}
	return 0;
}

/* A short form for an option whose value stands in quotes. */
static void add_quoted(struct block *block, const struct words *words, const char *name)
{
	const unsigned at = words_find(words, 2, name);

	if (at + 1 < words->count)
		buf_addf(&block->spokes, ", %s: \"%.*s\"", name, STR_ARG(words->at[at + 1]));
}

/* "labels farm.spif.xml mill.spif.xml": policies of examples/. */
static int add_labels(struct block *block, const struct words *words)
{
	const unsigned with = words_find(words, 1, "with");

	buf_add_cstr(&block->yaml, "labels: {policy: [");
	for (unsigned i = 1; i < with; i++) {
		buf_add_cstr(&block->yaml, i > 1 ? ", \"" : "\"");
		scenario_policy_path(words->at[i], &block->yaml);
		buf_add_cstr(&block->yaml, "\"");
	}
	buf_add_cstr(&block->yaml, "]");
	for (unsigned i = with + 1; i < words->count; i++)
		buf_addf(&block->yaml, "%s%.*s", i == with + 1 ? ", " : " ", STR_ARG(words->at[i]));
	return buf_add_cstr(&block->yaml, "}\n");
}

static int add_spoke(struct block *block, struct str line, const struct words *words)
{
	const unsigned domain = words_find(words, 2, "domain"), by = words_find(words, 2, "by");
	char address[ENDPOINT_TEXT_SIZE];
	struct peer *peer;

	if (make_peer(block, words, &peer) < 0)
		return -1;
	buf_addf(&block->spokes, "  %s: {domains: [", peer->name);
	for (unsigned i = domain + 1, end = argument_end(words, domain + 1); i < end; i++)
		buf_addf(&block->spokes, "%s\"%.*s\"", i > domain + 1 ? ", " : "", STR_ARG(words->at[i]));
	endpoint_text(&peer->at, address);
	buf_addf(&block->spokes, by < words->count ? "]" : "], address: [\"%s\"]", address);
	add_quoted(block, words, "clearance");
	add_quoted(block, words, "default-label");
	for (size_t i = 0; i + 5 < line.len; i++)
		if (str_starts(str_from(line, i), STR("with "))) {
			buf_add_cstr(&block->spokes, ", ");
			if (add_pins(block, str_from(line, i + 5), &block->spokes) < 0)
				return -1;
			break;
		}
	return buf_add_cstr(&block->spokes, "}\n");
}

/* A script of its own, in the world's folder. */
static int write_script(struct block *block, struct str name, struct str code, char *ret_path, size_t size_bytes)
{
	FILE *file;

	snprintf(ret_path, size_bytes, "%s/%.*s.lua", certificates_folder(block->world->certificates), STR_ARG(name));
	if (!(file = fopen(ret_path, "w")))
		return world_fail(block->world, "no script can be written: %s", ret_path);
	fwrite(code.at, 1, code.len, file);
	return fclose(file) == 0 ? 0 : world_fail(block->world, "no script can be written: %s", ret_path);
}

/* "filter NAME runs LUA", "filter NAME is words.lua [with OPTIONS]": its own text, or one of examples/filters. Sanitizers take time. */
static int add_filter(struct block *block, struct str line, const struct words *words)
{
	struct str rest = str_trim(str_from(line, 7)), options = STR_NONE;
	const struct str name = str_cut(&rest, ' '), form = str_cut(&rest, ' ');
	char path[600];

	if (str_is(form, "runs")) {
		if (write_script(block, name, rest, path, sizeof(path)) < 0)
			return -1;
	} else if (str_is(form, "is") && words->count > 3) {
		snprintf(path, sizeof(path), EXAMPLES_DIR "/filters/%.*s", STR_ARG(words->at[3]));
		str_cut(&rest, ' ');
		if (!str_is_absent(rest) && str_starts(rest, STR("with ")))
			options = str_from(rest, 5);
	} else {
		return world_fail(block->world, "filter NAME runs LUA, or is FILE [with OPTIONS]");
	}
	return buf_addf(&block->filters, "  %.*s: {script: \"%s\", time-limit: 200ms%s%.*s}\n", STR_ARG(name), path, str_is_absent(options) ? "" : ", ",
			(int)options.len, options.at ? options.at : "");
}

/* "trusts nobody", "revokes NAME…" */
static int add_trust(struct block *block, const struct words *words)
{
	unsigned i = 1;

	block->trusts_nobody |= word_is(words, 0, "trusts");
	block->has_crl |= word_is(words, 0, "revokes");
	if (word_is(words, 0, "trusts"))
		return word_is(words, 1, "nobody") ? 0 : world_fail(block->world, "trusts nobody, or the scenarios' CA by default");
	for (; i < words->count && i <= REVOKED_MAX; i++)
		if (!(block->revoked[i - 1] = world_peer(block->world, words->at[i])))
			return world_fail(block->world, "revokes the certificate of whom? %.*s", STR_ARG(words->at[i]));
	return i == words->count ? 0 : world_fail(block->world, "too many certificates");
}

static int add_line(struct block *block, struct str raw, size_t indent)
{
	const struct str line = str_trim(raw);
	struct words words;
	struct peer *peer;

	if (line.len == 0)
		return 0;
	words_split(line, &words);
	if (word_is(&words, 0, "spoke") && words.count > 1)
		return add_spoke(block, line, &words);
	if (word_is(&words, 0, "labels") && words.count > 1)
		return add_labels(block, &words);
	if (word_is(&words, 0, "filter") && words.count > 3)
		return add_filter(block, line, &words);
	if (word_is(&words, 0, "peer") && words.count > 1)
		return make_peer(block, &words, &peer);
	if (word_is(&words, 0, "trusts") || word_is(&words, 0, "revokes"))
		return add_trust(block, &words);
	if (word_is(&words, 0, "shows"))
		return certificate_parse(words.count > 1 ? words.at[1] : STR(""), &block->world->shows) < 0
			       ? world_fail(block->world, "no certificates of that kind: %.*s", STR_ARG(line)) : 0;
	block->has_trunk |= str_starts(line, STR("trunk:"));
	block->has_listen |= str_starts(line, STR("listen:"));
	for (; indent > 0 && raw.len > 0 && (raw.at[0] == ' ' || raw.at[0] == '\t'); indent--)
		raw = str_from(raw, 1);
	buf_add(&block->yaml, raw);
	return buf_add_cstr(&block->yaml, "\n");
}

static size_t indent_of(struct str body)
{
	size_t indent = 0;

	while (indent < body.len && (body.at[indent] == ' ' || body.at[indent] == '\t'))
		indent++;
	return indent;
}

/* The head's own words behind `skip` of them, then the body. */
static int read_lines(struct block *block, const struct statement *statement, unsigned skip)
{
	struct str head = statement->head, rest = statement->body.len > 0 ? statement->body : STR_NONE;
	const size_t indent = indent_of(statement->body);
	int err = 0;

	while (skip-- > 0 && head.at) {
		str_cut(&head, ' ');
		head = head.at ? str_trim(head) : head;
	}
	if (head.at)
		err = add_line(block, head, 0);
	while (err == 0 && rest.at)
		err = add_line(block, str_cut(&rest, '\n'), indent);
	return err;
}

static void on_problem(void *ctx, const struct config_problem *problem)
{
	struct block *block = ctx;

	buf_addf(&block->why, "%s%s\n", problem->is_warning ? "warning: " : "", problem->text);
}

static int load_config(struct block *block, struct config **ret_config)
{
	struct buf all = {0};
	int err;

	if (!block->has_trunk)
		buf_add_cstr(&all, "trunk: trunk.example.com\n");
	if (!block->has_listen)
		buf_add_cstr(&all, "listen: [\"" WORLD_TRUNK_ADDRESS ":5269\", \"" WORLD_TRUNK_ADDRESS6 ":5269\"]\n");
	if (buf_len(&block->spokes) > 0) {
		buf_add_cstr(&all, "spokes:\n");
		buf_add(&all, buf_str(&block->spokes));
	}
	if (buf_len(&block->filters) > 0) {
		buf_add_cstr(&all, "filters:\n");
		buf_add(&all, buf_str(&block->filters));
	}
	buf_add(&all, buf_str(&block->yaml));
	err = config_load_text(buf_str(&all), "trunkd.yaml", on_problem, block, ret_config);
	if (err == 0 && (err = config_load_filters(*ret_config, false, block->world->log, on_problem, block)) < 0)
		config_free(ret_config);
	buf_fini(&all);
	return err;
}

static void on_store_problem(void *ctx, bool is_fatal, const char *text)
{
	struct block *block = ctx;

	buf_addf(&block->why, "%s%s\n", is_fatal ? "" : "warning: ", text);
}

static int make_crl(struct block *block, const char **ret_file)
{
	const char *folders[REVOKED_MAX + 1] = {NULL};
	int err = 0;

	for (unsigned i = 0; block->revoked[i] && err == 0; i++) {
		const char *domains[PEER_DOMAINS_MAX + 1] = {NULL};

		for (unsigned d = 0; d < block->revoked[i]->domain_count; d++)
			domains[d] = block->revoked[i]->domains[d];
		err = certificates_make(block->world->certificates, CERTIFICATE_VALID, domains, &folders[i]);
	}
	return err < 0 ? err : certificates_revoke(block->world->certificates, folders, ret_file);
}

/* The certificates by `shows`; trust is the scenarios' own CA, so that nobody's system is asked. */
static int make_store(struct block *block, const struct config *config, struct tls_store **ret_store)
{
	struct world *world = block->world;
	const char *folders[2] = {NULL, NULL}, *crl[2] = {NULL, NULL};
	const char *trust[2] = {block->trusts_nobody ? NULL : certificates_ca(world->certificates), NULL};
	const char *domains[PEER_DOMAINS_MAX * 8 + 1] = {NULL};
	struct tls_store_options options = config->tls;
	char unknown[600];
	unsigned count = 0;
	int err;

	options.trust = trust;
	options.state_folder = NULL;
	if (block->has_crl && (err = make_crl(block, &crl[0])) < 0)
		return err;
	if (block->has_crl)
		options.crl_files = crl;
	LIST_EACH (pos, &world->peers)
		for (unsigned i = 0;
		     i < LIST_OF(pos, struct peer, link)->domain_count && count + 1 < sizeof(domains) / sizeof(*domains); i++)
			domains[count++] = LIST_OF(pos, struct peer, link)->domains[i];
	if (world->shows == CERTIFICATE_EXPIRED) {
		if ((err = certificates_make(world->certificates, world->shows, domains, &folders[0])) < 0)
			return err;
		options.certificate_folders = folders;
	} else if (world->shows != CERTIFICATE_SELF_SIGNED) {
		snprintf(unknown, sizeof(unknown), "%s/unknown-ca.pem", certificates_folder(world->certificates));
		options.issuer_file = world->shows == CERTIFICATE_UNKNOWN ? unknown : certificates_ca(world->certificates);
		options.issue_any = true;
	}
	return tls_store_new(&options, loop_wall_ms(world->loop), on_store_problem, block, ret_store);
}

static int listen_on(struct world *world, const struct endpoint *at, unsigned count, accept_fn *fn)
{
	for (unsigned i = 0; i < count && world->listener_count < WORLD_LISTENERS_MAX; i++)
		if (net_listen(world->net, &at[i], fn, trunk_inbound(world->trunk),
			       &world->listeners[world->listener_count++]) < 0)
			return world_fail(world, "the trunk can't listen");
	return 0;
}

static int start(struct world *world)
{
	struct trunk_options options = {
		.loop = world->loop,
		.net = world->net,
		.dns = world->dns,
		.log = world->log,
		.audit = world->audit,
		.blocks = world->blocks,
		.spool = world->spool,
		.rest = world->rest,
		.store = world->store,
		.secrets = &world->secrets,
		.config = world->config,
	};

	if (!(options.shared = world->shared = trunk_shared_new(world->workers)))
		return world_fail(world, "no memory");
	for (unsigned i = 0; i < world->workers; i++) {
		options.worker = i;
		if (!(world->trunks[i] = trunk_new(&options)))
			return world_fail(world, "the trunk can't be made");
	}
	world->trunk = world->trunks[0];
	if (listen_on(world, world->config->listen, world->config->listen_count, inbound_accept) < 0)
		return -1;
	return listen_on(world, world->config->listen_tls, world->config->listen_tls_count, inbound_accept_direct);
}

void world_kill_trunk(struct world *world)
{
	for (unsigned i = 0; i < world->listener_count; i++)
		listener_free(&world->listeners[i]);
	world->listener_count = 0;
	if (world->shared)
		crew_clear(trunk_crew(world->shared));
	for (unsigned i = 0; i < world->workers; i++)
		trunk_free(&world->trunks[i]);
	trunk_shared_free(&world->shared);
	spool_store_free(&world->spool);
	rest_free(&world->rest);
}

int world_crash(struct world *world)
{
	world_kill_trunk(world);
	if (world_open_spool(world) < 0)
		return world_fail(world, "the spool cannot be opened");
	if (!(world->rest = rest_new()) || rest_load(world->rest, world->spool_folder) < 0)
		return world_fail(world, "who rested cannot be read");
	return start(world);
}

static int put_in_force(struct world *world, struct config **config, struct tls_store **store, bool is_reload)
{
	for (unsigned i = 0; is_reload && i < world->workers; i++)
		if (trunk_reload(world->trunks[i], *config, *store) < 0)
			return world_fail(world, "the trunk can't reload");
	config_free(&world->config);
	tls_store_free(&world->store);
	world->config = *config;
	world->store = *store;
	*config = NULL;
	*store = NULL;
	spool_store_set_size(world->spool, world->config->limits.spool_bytes);
	return is_reload ? 0 : start(world);
}

int world_trunk(struct world *world, const struct statement *statement, bool is_reload, bool must_be_refused)
{
	struct block block = {.world = world};
	struct config *config = NULL;
	struct tls_store *store = NULL;
	int err = read_lines(&block, statement, must_be_refused ? 4 : is_reload ? 2 : 1);

	if (err == 0) {
		err = load_config(&block, &config);
		if (err == 0)
			err = make_store(&block, config, &store);
		if (err < 0 && !must_be_refused)
			world_fail(world, "the configuration is refused (%s):\n%.*s", error_text(err),
				   STR_ARG(buf_str(&block.why)));
		else if (err == 0 && must_be_refused)
			err = world_fail(world, "the configuration was not refused");
		else if (must_be_refused)
			err = 0;
		else
			err = put_in_force(world, &config, &store, is_reload);
	}
	config_free(&config);
	tls_store_free(&store);
	buf_fini(&block.yaml);
	buf_fini(&block.spokes);
	buf_fini(&block.filters);
	buf_fini(&block.why);
	return err;
}
