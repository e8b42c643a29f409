/* SPDX-License-Identifier: Apache-2.0
 * One load in progress: what the files of this room share while a configuration is made. */
#ifndef TRUNK_CONFIG_LOAD_H
#define TRUNK_CONFIG_LOAD_H

#include "config/option.h"

enum { CONFIG_ARENA_BYTES_MAX = 256 * 1024 * 1024 };

/* A domain of `gateway-domains`. */
struct gateway {
	const char *domain;             /* normalised, in the configuration's arena */
	struct place place;
};

/* Where a spoke comes from. */
struct spoke_source {
	struct place place;
	const struct node *node;        /* under `spokes`; NULL: of `gateway-domains` */
	struct place zone_place;        /* where a zone named it; file NULL: none did */
};

struct load {
	struct problems problems;
	struct tree tree;
	struct config *config;
	const struct node *root;
	struct gateway *gateways;       /* in the tree's arena */
	unsigned gateway_count;
	struct spoke *spokes;           /* config->spokes, while it may change */
	struct spoke_source *spoke_sources;     /* of each of `spokes`, in the tree's arena */
	struct spoke **spokes_by_name;  /* sorted */
	const struct node **rule_nodes; /* of each of config->rules */
	struct zone *zones;             /* config->zones, while it may change */
	const struct node **zone_nodes; /* of each of `zones`; NULL: nobody wrote it */
};

/* Memory that lives as long as the configuration, or as long as the load. Zeroed; NULL: none, which the load remembers. */
void *config_alloc(struct load *load, size_t size);
void *work_alloc(struct load *load, size_t size);
const char *config_copy(struct load *load, struct str s);
const char *path_join(struct load *load, const char *path, const char *name);   /* "path.name", for messages */

/* Fills load->config, in this order. Each tells what is wrong and goes on as far as it makes sense. */
void spokes_build(struct load *load);
void zones_build(struct load *load);
void claims_check(struct load *load);           /* no domain belongs to two */
void filters_build(struct load *load);
void labels_build(struct load *load);           /* policies, clearances, default labels */
void rules_build(struct load *load);
void rules_check(struct load *load);            /* rules that never fit, or never decide */
void config_check(struct load *load);           /* what is allowed alone and makes no sense together */

/* Reads the value of `gateway-domains`. */
option_read_fn gateways_read;

struct spoke *spoke_named(const struct load *load, const char *name);           /* NULL: none */
const struct zone *zone_named(const struct load *load, const char *name);

/* Whether a rule's word names a filter or a module; else it is told, with the nearest that does. */
bool filter_is_known(struct load *load, const struct field *field, const struct node *node, const char *name);

/* A spoke of which nothing is known: defaults, and what it inherits. */
struct spoke spoke_template(struct load *load);

/* The address that a text means: its localpart ("*" for any that is there; NULL: none), and its domain or "*.suffix", normalised. False:
 * refused and told. */
bool address_read(struct load *load, const struct field *field, const struct node *node, const char *text, const char **ret_local,
		  const char **ret_domain);

/* Warns of a namespace that the XSF would have to know and does not. */
void namespace_check(struct load *load, const char *path, const struct node *node, struct str ns);

/* A name in messages and references: letters, digits, "-", "_" and, where `has_dots`, "."; at most 128 bytes. */
bool name_is_good(struct str name, bool has_dots);

#endif
