/* SPDX-License-Identifier: Apache-2.0
 * The spokes: those of `gateway-domains`, and those of `spokes` with all that they inherit. */
#include "config/load.h"

#include <stdlib.h>

enum { NAME_BYTES_MAX = 128, DIRECT_PORT = 5270, STARTTLS_PORT = 5269 };

bool name_is_good(struct str name, bool has_dots)
{
	for (size_t i = 0; i < name.len; i++) {
		const char c = name.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		      (c == '.' && has_dots)))
			return false;
	}
	return name.len > 0 && name.len <= NAME_BYTES_MAX;
}

/* ---- gateway-domains ---- */

static bool add_gateway(struct load *load, const struct field *field, const struct node *node)
{
	struct gateway *gateway = &load->gateways[load->gateway_count];

	if (node->text.len == 0) {
		problem_error(&load->problems, node->place,
			      "\"%s\" has nothing between two commas or at an end; remove the surplus comma", field->path);
		return false;
	}
	gateway->place = node->place;
	if (!TYPE_PATTERN.read(load, field, node, &gateway->domain))
		return false;
	load->gateway_count++;
	return true;
}

/* "a.example, b.example": each part with its own place, which is counted on from the part before. */
static bool add_text(struct load *load, const struct field *field, const struct node *node)
{
	struct node part = *node;
	struct str rest = node->text;
	const char *counted = node->text.at;
	bool is_good = true;

	part.place = node_place_at(node, 0);
	while (!str_is_absent(rest)) {
		part.text = str_trim(str_cut(&rest, ','));
		if (node->text_column)
			part.place.column += text_characters(str_make(counted, (size_t)(part.text.at - counted)));
		counted = part.text.at;
		is_good &= add_gateway(load, field, &part);
	}
	return is_good;
}

static unsigned count_commas(struct str text)
{
	unsigned count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == ',';
	return count;
}

bool gateways_read(struct load *load, const struct field *field, const struct node *node, void *at)
{
	bool is_good = true;

	(void)at;
	if (node->kind == NODE_MAP)
		return option_refuse(load, field, node, field->option->type->form);
	load->gateways = work_alloc(load, ((node->kind == NODE_LIST ? node->count : count_commas(node->text)) + (size_t)1) *
						  sizeof(struct gateway));
	if (!load->gateways)
		return false;
	if (node->kind == NODE_SCALAR)
		return add_text(load, field, node);
	for (const struct node *child = node->first; child; child = child->next)
		if (child->kind != NODE_SCALAR || child->is_empty)
			is_good = option_refuse(load, field, child, field->option->type->form);
		else
			is_good &= !child->is_refused && add_gateway(load, field, child);
	return is_good;
}

/* ---- spokes ---- */

struct spoke spoke_template(struct load *load)
{
	const struct config *config = load->config;
	struct spoke spoke = {
		.trust = config->trust,
		.sources = config->sources,
		.source_count = config->source_count,
		.stanzas_per_second = config->limits.stanzas_per_second,
		.bytes_per_second = config->limits.bytes_per_second,
	};

	section_defaults(load, &SPOKE_SECTION, &spoke);
	return spoke;
}

static bool spoke_of_gateway(struct load *load, struct spoke *spoke, struct spoke_source *source, const struct gateway *gateway)
{
	const char **domains = config_alloc(load, 2 * sizeof(*domains));

	if (!domains)
		return false;
	domains[0] = gateway->domain;
	spoke->name = gateway->domain;
	spoke->domains = domains;
	spoke->domain_count = 1;
	spoke->line = gateway->place.line;
	source->place = gateway->place;
	return true;
}

/* An address without a port has the one of the transport. */
static void set_ports(struct spoke *spoke)
{
	const uint16_t port = spoke->transport == TRANSPORT_DIRECT ? DIRECT_PORT : STARTTLS_PORT;
	struct spoke_address *addresses = (struct spoke_address *)(uintptr_t)spoke->addresses; /* our own, not yet shared */

	for (unsigned i = 0; i < spoke->address_count; i++) {
		if (!addresses[i].is_literal && addresses[i].port == 0)
			addresses[i].port = port;
		if (addresses[i].is_literal && endpoint_port(&addresses[i].endpoint) == 0)
			endpoint_set_port(&addresses[i].endpoint, port);
	}
}

static void spoke_of_node(struct load *load, struct spoke *spoke, struct spoke_source *source, const struct node *node)
{
	spoke->name = config_copy(load, node->key);
	spoke->line = node->key_place.line;
	source->place = node->key_place;
	source->node = node;
	if (!name_is_good(node->key, true))
		problem_error(&load->problems, node->key_place,
			      "a spoke's name is made of letters, digits, \"-\", \"_\" and \".\", not \"%.*s\"",
			      STR_ARG(quote(node->key)));
	section_fill(load, &SPOKE_SECTION, path_join(load, "spokes", node->key.at), node, spoke);
	set_ports(spoke);
}

static int by_name(const void *a, const void *b)
{
	const struct spoke *x = *(struct spoke *const *)a, *y = *(struct spoke *const *)b;
	const int order = strcmp(x->name, y->name);

	return order ? order : (x > y) - (x < y);
}

/* Two of `gateway-domains` are told of as a domain that stands twice. */
static void refuse_same_names(struct load *load)
{
	for (unsigned i = 1; i < load->config->spoke_count; i++) {
		const struct spoke *one = load->spokes_by_name[i - 1], *other = load->spokes_by_name[i];
		const struct spoke_source *source = &load->spoke_sources[other - load->spokes];
		const struct place first = load->spoke_sources[one - load->spokes].place;

		if (source->node && strcmp(one->name, other->name) == 0)
			problem_error(&load->problems, source->place,
				      "spoke \"%s\" has the name of one that \"gateway-domains\" makes (%s); "
				      "choose another one",
				      other->name, place_other(source->place, first).at);
	}
}

static void sort_by_name(struct load *load)
{
	const unsigned count = load->config->spoke_count;

	if (!(load->spokes_by_name = work_alloc(load, (count + (size_t)1) * sizeof(struct spoke *)))) {
		load->config->spoke_count = 0;
		return;
	}
	for (unsigned i = 0; i < count; i++)
		load->spokes_by_name[i] = &load->spokes[i];
	qsort(load->spokes_by_name, count, sizeof(struct spoke *), by_name);
	refuse_same_names(load);
}

struct spoke *spoke_named(const struct load *load, const char *name)
{
	unsigned low = 0, high = load->config->spoke_count;

	while (low < high) {
		const unsigned middle = low + (high - low) / 2;
		const int order = strcmp(load->spokes_by_name[middle]->name, name);

		if (order == 0)
			return load->spokes_by_name[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool is_complete(const struct load *load, const struct spoke *spoke)
{
	return spoke->name && !load->problems.is_out_of_memory;
}

void spokes_build(struct load *load)
{
	const struct node *map = node_find(load->root, "spokes");
	const size_t most = load->gateway_count + (map ? map->count : 0) + (size_t)1;
	const struct spoke template = spoke_template(load);
	unsigned *count = &load->config->spoke_count;

	load->spokes = config_alloc(load, most * sizeof(struct spoke));
	load->spoke_sources = work_alloc(load, most * sizeof(struct spoke_source));
	if (!load->spokes || !load->spoke_sources)
		return;
	load->config->spokes = load->spokes;
	for (unsigned i = 0; i < load->gateway_count; i++) {
		load->spokes[*count] = template;
		*count += spoke_of_gateway(load, &load->spokes[*count], &load->spoke_sources[*count], &load->gateways[i]);
	}
	if (map && map->kind == NODE_MAP)
		for (const struct node *node = map->first; node; node = node->next) {
			load->spokes[*count] = template;
			if (!node->is_refused)
				spoke_of_node(load, &load->spokes[*count], &load->spoke_sources[*count], node);
			*count += is_complete(load, &load->spokes[*count]);
		}
	sort_by_name(load);
}
