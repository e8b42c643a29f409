/* SPDX-License-Identifier: Apache-2.0
 * The zones, and which spoke is in which. */
#include "config/load.h"
#include "config/words.h"

#define DEFAULT_ZONE "default"

const struct zone *zone_named(const struct load *load, const char *name)
{
	for (unsigned i = 0; i < load->config->zone_count; i++)
		if (strcmp(load->zones[i].name, name) == 0)
			return &load->zones[i];
	return NULL;
}

static void refuse_spoke(struct load *load, const struct node *node, const char *name, const char *zone)
{
	struct nearest nearest = {.word = str_of(name)};

	for (unsigned i = 0; i < load->config->spoke_count; i++)
		nearest_offer(&nearest, load->spokes[i].name);
	problem_error(&load->problems, node->place, "zone \"%s\" names spoke \"%.*s\", which is not under \"spokes\"%s%s%s",
		      zone, STR_ARG(quote(str_of(name))), nearest.best ? "; did you mean \"" : " or \"gateway-domains\"",
		      nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

static void put_into_zone(struct load *load, struct zone *zone, const struct node *node, const char *name)
{
	struct spoke *spoke = spoke_named(load, name);
	struct spoke_source *source;

	if (!spoke) {
		refuse_spoke(load, node, name, zone->name);
		return;
	}
	source = &load->spoke_sources[spoke - load->spokes];
	if (source->zone_place.file) {
		problem_error(&load->problems, node->place,
			      "spoke \"%s\" is already in zone \"%s\" (%s); remove one of the two", name, spoke->zone->name,
			      place_other(node->place, source->zone_place).at);
		return;
	}
	spoke->zone = zone;
	source->zone_place = node->place;
	if (!spoke->default_label_text)
		spoke->default_label_text = zone->template.default_label_text;
	if (!spoke->labels)
		spoke->labels = zone->template.labels;
	if (zone->template.sources != load->config->sources && spoke->sources == load->config->sources) {
		spoke->sources = zone->template.sources;
		spoke->source_count = zone->template.source_count;
	}
}

static void put_all(struct load *load, struct zone *zone, const struct zone_source *source, const struct node *names)
{
	unsigned i = 0;

	if (!names || source->spoke_count == 0)
		return;
	if (names->kind == NODE_SCALAR) {
		put_into_zone(load, zone, names, source->spokes[0]);
		return;
	}
	for (const struct node *name = names->first; name; name = name->next)
		put_into_zone(load, zone, name, source->spokes[i++]);
}

static bool has_wildcard(const char *const *domains)
{
	for (; *domains; domains++)
		if (strcmp(*domains, "*") == 0)
			return true;
	return false;
}

static const char *const NO_DOMAINS[] = {NULL};

/* How a peer of a zone's `domains` is treated: as DNS says, else as any spoke of which nothing is set. */
static struct zone_source zone_blank(const struct spoke *template, const char *name, unsigned line)
{
	struct zone_source source = {.zone = {.name = name, .domains = NO_DOMAINS, .template = *template, .line = line}};

	source.zone.template.name = name;
	source.zone.template.domains = NO_DOMAINS;
	source.zone.template.transport = TRANSPORT_AUTO;
	source.zone.template.line = line;
	return source;
}

static void zone_of_node(struct load *load, const struct spoke *template, const struct node *node, struct zone *zone)
{
	struct zone_source source = zone_blank(template, config_copy(load, node->key), node->key_place.line);

	if (!source.zone.name)
		return;
	if (!name_is_good(node->key, false))
		problem_error(&load->problems, node->key_place,
			      "a zone's name is made of letters, digits, \"-\" and \"_\", not \"%.*s\"",
			      STR_ARG(quote(node->key)));
	section_fill(load, &ZONE_SECTION, path_join(load, "zones", node->key.at), node, &source);
	*zone = source.zone;
	zone->is_open = has_wildcard(zone->domains);
	zone->template.zone = zone;
	load->zone_nodes[zone - load->zones] = node;
	put_all(load, zone, &source, node_find(node, "spokes"));
}

static void spokes_without_zone(struct load *load)
{
	for (unsigned i = 0; i < load->config->spoke_count; i++)
		if (!load->spokes[i].zone)
			load->spokes[i].zone = &load->zones[0];
}

/* A spoke that says nothing has its zone's custody; a zone that is not written down has the default. */
static void spread_custody(struct load *load, unsigned zone_count)
{
	for (unsigned i = 0; i < zone_count; i++)
		if (!load->zones[i].template.custody)
			load->zones[i].template.custody = CUSTODY_LINK;
	for (unsigned i = 0; i < load->config->spoke_count; i++)
		if (!load->spokes[i].custody)
			load->spokes[i].custody = load->spokes[i].zone->template.custody;
}

void zones_build(struct load *load)
{
	const struct node *map = node_find(load->root, "zones");
	const size_t most = (map ? map->count : 0) + (size_t)1;
	const struct spoke template = spoke_template(load);
	unsigned count = 1;

	load->zones = config_alloc(load, most * sizeof(struct zone));
	load->zone_nodes = work_alloc(load, most * sizeof(struct node *));
	if (!load->zones || !load->zone_nodes)
		return;
	load->zones[0] = zone_blank(&template, DEFAULT_ZONE, 0).zone;
	load->zones[0].template.zone = &load->zones[0];
	if (map && map->kind == NODE_MAP)
		for (const struct node *node = map->first; node; node = node->next) {
			struct zone *zone = &load->zones[str_is(node->key, DEFAULT_ZONE) ? 0 : count];

			if (!node->is_refused && !load->problems.is_out_of_memory)
				zone_of_node(load, &template, node, zone);
			count += zone == &load->zones[count] && zone->name != NULL;
		}
	load->config->zones = load->zones;
	load->config->zone_count = count;
	spokes_without_zone(load);
	spread_custody(load, count);
}
